//! The OpenAPI document, and the page to browse it.

use axum::{Router, http::Method};
use moxxie_api::Problem;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, ContentBuilder, Info, License, OpenApi, Ref, RefOr, Required, ResponseBuilder, Server,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        schema::{ObjectBuilder, Schema, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
        tag::TagBuilder,
    },
};
use utoipa_swagger_ui::SwaggerUi;

use crate::{VERSION, auth::ROLE_EXTENSION, problem::MEDIA_TYPE, problem_kinds};

const DESCRIPTION: &str = "\
Network automation for MikroTik RouterOS.

Every write that touches a router opens a **change**, which runs by journal: it ends applied or rolled \
back. Errors are problem documents (RFC 9457) that name the field and what would work. Unknown fields and \
parameters are refused; clients must tolerate fields and words in answers that they do not know. Lists are \
paged: give `nextCursor` as `cursor`. `Idempotency-Key` makes a write safe to repeat.

`x-required-role` of an operation is the least role a token needs for it.";

const TAGS: &[(&str, &str)] = &[
    ("datacenters", "Where networks are, and how their trunks are tagged"),
    ("pools", "Supernets that networks come from"),
    ("routers", "RouterOS devices under management"),
    ("reality", "What routers show, and where it differs from the records"),
    ("drift", "Rows on routers that are not as they were applied"),
    ("tenants", "Whose networks they are"),
    ("profiles", "Firewall profiles: who may open connections to and from networks"),
    ("networks", "What users order"),
    ("addresses", "Addresses in networks"),
    ("declaration", "Everything that should be there, at once: what files of a site say"),
    ("exchange", "Everything that is taken, as a table: in and out"),
    ("search", "Who has this address, where is that VLAN, what is called so"),
    ("changes", "What moxxie is doing, has done, or could not do"),
    ("audit", "Who did what, when, from where, and why"),
    ("tokens", "Who may use the API"),
    ("operations", "For those who run the server"),
];

/// Statuses that come with a problem document.
const PROBLEMS: &[u16] = &[400, 401, 403, 404, 408, 409, 413, 415, 422, 500, 503];

/// The document: operations from the handlers, and what all of them have in common from here.
#[must_use]
pub fn document() -> OpenApi {
    let (_, mut document) = super::guarded().merge(super::public()).split_for_parts();
    let mut info = Info::new("moxxie", VERSION);
    info.description = Some(DESCRIPTION.to_owned());
    info.license = Some(License::new("Apache-2.0"));
    document.info = info;
    document.servers = Some(vec![Server::new("/")]);
    document.tags = Some(
        TAGS.iter()
            .map(|(name, text)| TagBuilder::new().name(*name).description(Some(*text)).build())
            .collect(),
    );
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer()));
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    // Added to every dry run by one layer, not by the use cases.
    if let Some(RefOr::T(Schema::Object(dry_run))) = components.schemas.get_mut("DryRun") {
        let id = ObjectBuilder::new().schema_type(Type::String).description(Some(
            "Names this plan for `?plan=`, with which the same request does this and nothing else",
        ));
        dry_run.properties.insert("planId".to_owned(), id.build().into());
    }
    for status in PROBLEMS {
        components.responses.insert(response_name(*status), RefOr::T(problem(*status)));
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in item_operations_mut(item) {
            complete(&method, path, operation);
        }
    }
    document
}

fn bearer() -> utoipa::openapi::security::Http {
    HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token from `POST /api/v1/tokens`, or the one shown at the first start"))
        .build()
}

/// Adds what every operation of its kind has: security, the idempotency key, problem responses.
fn complete(method: &Method, path: &str, operation: &mut Operation) {
    let role = operation.extensions.as_ref().and_then(|all| all.get(ROLE_EXTENSION)).and_then(Value::as_str);
    let open = role == Some("none");
    let writes = *method != Method::GET;
    let mut statuses = vec![500];
    if open {
        operation.security = Some(Vec::new());
        if path == "/readyz" {
            statuses.push(503);
        }
    } else {
        operation.security = Some(vec![SecurityRequirement::new("bearer", [""; 0])]);
        statuses.extend([400, 401, 403, 422, 503]);
        if path.contains('{') {
            statuses.push(404);
        }
    }
    if writes {
        statuses.extend([404, 408, 409, 413, 415]);
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The same key with the same request does nothing twice; kept for 30 days"))
            .schema(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(Some(255))
                    .pattern(Some("^[!-~]+$")),
            ))
            .build();
        operation.parameters.get_or_insert_with(Vec::new).push(RefOr::T(key));
    }
    for status in statuses {
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| {
            RefOr::Ref(Ref::new(format!("#/components/responses/{}", response_name(status))))
        });
    }
}

fn response_name(status: u16) -> String {
    format!("Problem{status}")
}

/// The response with a problem document of this status.
fn problem(status: u16) -> utoipa::openapi::Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let title = problem_kinds::by_status(status).title;
    ResponseBuilder::new().description(title).content(MEDIA_TYPE, content).build()
}

fn item_operations_mut(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    [
        (Method::GET, get),
        (Method::POST, post),
        (Method::PUT, put),
        (Method::PATCH, patch),
        (Method::DELETE, delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Every operation of a document, with its method and path.
pub(crate) fn operations(document: &OpenApi) -> impl Iterator<Item = (Method, &str, &Operation)> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ]
        .into_iter()
        .filter_map(move |(method, operation)| Some((method, path.as_str(), operation.as_ref()?)))
    })
}

/// `/api/v1/openapi.json` and `/docs`. Both are public: they tell nothing that is not in the source.
pub(crate) fn browser() -> Router {
    SwaggerUi::new("/docs").url("/api/v1/openapi.json", document()).into()
}

#[cfg(test)]
#[path = "openapi_tests.rs"]
mod tests;
