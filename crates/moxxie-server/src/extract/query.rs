//! Reading a query, and saying which parameter is wrong.

use serde::de::DeserializeOwned;

use super::words;
use crate::problem::Failure;

/// The query's parameters. Each is known, given once and free of NUL, or it is refused.
pub(super) fn parse<Q: DeserializeOwned>(query: Option<&str>) -> Result<Q, Failure> {
    let query = query.unwrap_or_default().as_bytes();
    for (name, value) in form_urlencoded::parse(query) {
        if name.contains('\0') || value.contains('\0') {
            let name = name.replace('\0', "");
            return Err(Failure::invalid(name, "must not contain the character NUL"));
        }
    }
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        words::explain(&path, &error.inner().to_string(), "parameter")
    })
}

#[cfg(test)]
mod tests {
    use moxxie_api::{change::ChangeQuery, write::WriteQuery};

    use super::*;
    use crate::extract::NoQuery;

    fn refusal<Q: DeserializeOwned + std::fmt::Debug>(query: &str) -> (String, String) {
        let failure = parse::<Q>(Some(query)).unwrap_err();
        let problem = failure.problem();
        assert_eq!(problem.status, 422);
        (problem.errors[0].field.clone(), problem.errors[0].message.clone())
    }

    #[test]
    fn known_parameters_are_read() {
        let query: WriteQuery = parse(Some("dryRun=true&wait=30")).unwrap();
        assert_eq!((query.dry_run, query.wait), (Some(true), Some(30)));
        let query: ChangeQuery = parse(Some("networkId=net-1&open=true&limit=7")).unwrap();
        assert_eq!(
            (query.network_id.as_deref(), query.open, query.limit),
            (Some("net-1"), Some(true), Some(7))
        );
        let _: NoQuery = parse(None).unwrap();
    }

    #[test]
    fn an_unknown_parameter_is_named_with_those_there_are() {
        let (field, message) = refusal::<WriteQuery>("dryrun=true");
        assert_eq!(field, "dryrun");
        assert_eq!(message, "there is no such parameter; there are: dryRun, wait, plan");
        let (field, message) = refusal::<NoQuery>("x=1");
        assert_eq!((field.as_str(), message.as_str()), ("x", "there is no such parameter; this takes none"));
    }

    #[test]
    fn a_dry_run_where_there_is_none_is_refused_in_words() {
        let (field, message) = refusal::<NoQuery>("dryRun=true");
        assert_eq!(field, "dryRun");
        assert!(message.contains("no dry run"), "{message}");
    }

    #[test]
    fn a_wrong_value_names_its_parameter() {
        for (query, wanted) in [
            ("wait=soon", "wait"),
            ("wait=-1", "wait"),
            ("wait=99999999999", "wait"),
            ("wait=", "wait"),
            ("dryRun=yes", "dryRun"),
            ("dryRun=true&dryRun=true", "dryRun"),
            ("wait=%00", "wait"),
        ] {
            let (field, message) = refusal::<WriteQuery>(query);
            assert_eq!(field, wanted, "{query}: {message}");
        }
    }
}
