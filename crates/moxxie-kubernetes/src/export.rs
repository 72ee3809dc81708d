//! Objects and values as text.

use serde::Serialize;

use crate::{HelmValues, Manifest, Output, SecretManifest};

/// An object that could not be written. Seen only when the YAML library is at fault.
#[derive(Debug, thiserror::Error)]
#[error("writing {what} as YAML")]
pub struct ExportError {
    what: String,
    source: serde_saphyr::ser::Error,
}

impl Output {
    /// All objects as one YAML text in apply order, for `kubectl apply --server-side -f`.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn yaml(&self) -> Result<String, ExportError> {
        let documents: Result<Vec<_>, _> = self.manifests.iter().map(Manifest::yaml).collect();
        Ok(documents?.iter().map(|document| format!("---\n{document}")).collect())
    }

    /// All objects as a Kubernetes `List` in apply order.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({"apiVersion": "v1", "kind": "List", "items": self.manifests})
    }
}

impl Manifest {
    /// One YAML document.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn yaml(&self) -> Result<String, ExportError> {
        let (kind, name) = self.identity();
        yaml(self, || format!("{kind} {name}"))
    }
}

impl HelmValues {
    /// A values file.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn yaml(&self) -> Result<String, ExportError> {
        yaml(self, || "Helm values".to_owned())
    }
}

impl SecretManifest {
    /// The Secret with its key, readable: for a pipe to `kubectl` or to what seals it, not for a file.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn yaml(&self) -> Result<String, ExportError> {
        yaml(self, || "the Secret".to_owned())
    }
}

pub(crate) fn yaml(value: &impl Serialize, what: impl Fn() -> String) -> Result<String, ExportError> {
    let mut text = serde_saphyr::to_string(value).map_err(|source| ExportError { what: what(), source })?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}
