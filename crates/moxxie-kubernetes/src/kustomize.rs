//! The same objects as a Kustomize base, with one overlay for each cluster.

use serde::Serialize;

use crate::{ExportError, Output, export::yaml, helm::SECRETS_NAMESPACE};

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where, relative to the repository of manifests.
    pub path: String,
    /// What.
    pub content: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kustomization {
    api_version: &'static str,
    kind: &'static str,
    resources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_generator: Option<[SecretGenerator; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generator_options: Option<GeneratorOptions>,
}

#[derive(Serialize)]
struct SecretGenerator {
    name: String,
    namespace: &'static str,
    files: [&'static str; 1],
}

/// Objects refer to the Secret by its exact name.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeneratorOptions {
    disable_name_suffix_hash: bool,
}

impl Kustomization {
    fn new(resources: Vec<String>) -> Self {
        Self {
            api_version: "kustomize.config.k8s.io/v1beta1",
            kind: "Kustomization",
            resources,
            secret_generator: None,
            generator_options: None,
        }
    }
}

impl Output {
    /// `base/CLUSTER/` with what is made here, to be overwritten at the next export; `overlays/CLUSTER/`
    /// for what is the owner's: patches, and the MD5 key in a file `password` that is never written here.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn kustomize(&self) -> Result<Vec<File>, ExportError> {
        let base = format!("base/{}", self.cluster);
        let mut files = Vec::new();
        let mut resources = Vec::new();
        for (index, manifest) in self.manifests.iter().enumerate() {
            let (kind, name) = manifest.identity();
            // Numbered: a directory listing shows the order of application.
            let file = format!("{:03}-{}-{name}.yaml", index + 1, kind.to_ascii_lowercase());
            files.push(File { path: format!("{base}/{file}"), content: manifest.yaml()? });
            resources.push(file);
        }
        let written = |content: &Kustomization| yaml(content, || "kustomization.yaml".to_owned());
        let path = format!("{base}/kustomization.yaml");
        files.push(File { path, content: written(&Kustomization::new(resources))? });

        let mut overlay = Kustomization::new(vec![format!("../../{base}")]);
        if let Some(secret) = &self.secret {
            overlay.secret_generator = Some([SecretGenerator {
                name: secret.clone(),
                namespace: SECRETS_NAMESPACE,
                files: ["password"],
            }]);
            overlay.generator_options = Some(GeneratorOptions { disable_name_suffix_hash: true });
        }
        let path = format!("overlays/{}/kustomization.yaml", self.cluster);
        files.push(File { path, content: written(&overlay)? });
        Ok(files)
    }
}
