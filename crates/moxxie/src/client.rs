//! A client of the REST API.

mod error;
mod sse;

use std::time::Duration;

use moxxie_api::{Page, Problem, change::ChangeEvent};
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) use error::Error;

/// How long an answer may take; following events has no end.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One server, with the token for it.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    server: Url,
    token: Option<String>,
}

/// An address of a server that is none.
#[derive(Debug, thiserror::Error)]
#[error(
    "{address:?} is not the address of a server; write for example https://moxxie.example.net or http://127.0.0.1:8080"
)]
pub(crate) struct BadServer {
    address: String,
}

/// Reads the address of a server; its path, if any, stays in front of the API's.
pub(crate) fn server(address: &str) -> Result<Url, BadServer> {
    let bad = || BadServer { address: address.to_owned() };
    let url = Url::parse(address.trim()).map_err(|_| bad())?;
    let fine = matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty();
    if fine { Ok(url) } else { Err(bad()) }
}

/// Whether what is sent to this server can be read on the way.
pub(crate) fn in_the_clear(server: &Url) -> bool {
    let host = server.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let local = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    server.scheme() == "http" && !local
}

impl Api {
    /// A client for this server.
    pub(crate) fn new(server: Url, token: Option<String>) -> anyhow::Result<Self> {
        // One provider for every TLS connection; reqwest was built without one of its own. This
        // fails only when one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .user_agent(concat!("moxxie/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // The API never redirects, and a token must not travel to where somebody else points.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, server, token })
    }

    /// The server's address.
    pub(crate) fn server(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
    }

    /// An address in the API; each segment is escaped.
    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.server.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(moxxie_api::BASE.split('/').filter(|part| !part.is_empty()));
            segments.extend(path);
        }
        url
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let request = self.http.request(method, self.url(path));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        let response = request
            .send()
            .await
            .map_err(|source| Error::Unreachable { server: self.server().to_owned(), source })?;
        if response.status().is_success() { Ok(response) } else { Err(self.refused(response).await) }
    }

    async fn refused(&self, response: Response) -> Error {
        let status = response.status().as_u16();
        let body = response.text().await.unwrap_or_default();
        match serde_json::from_str::<Problem>(&body) {
            Ok(problem) => Error::Problem(Box::new(problem)),
            Err(_) => Error::Unexpected {
                server: self.server().to_owned(),
                status,
                what: body.lines().next().unwrap_or("no body").chars().take(200).collect(),
            },
        }
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let response = self.send(request.timeout(ANSWER_TIMEOUT)).await?;
        let status = response.status().as_u16();
        let body = response
            .bytes()
            .await
            .map_err(|source| Error::Unreachable { server: self.server().to_owned(), source })?;
        // Some answers have no body; `()` and `Option` read from `null`.
        let body: &[u8] = if body.is_empty() { b"null" } else { &body };
        serde_json::from_slice(body).map_err(|error| Error::Unexpected {
            server: self.server().to_owned(),
            status,
            what: error.to_string(),
        })
    }

    /// Reads one thing.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Error> {
        self.answer(self.request(Method::GET, path)).await
    }

    /// Reads one thing, or one page, by a query.
    pub(crate) async fn get_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, Error> {
        self.answer(self.request(Method::GET, path).query(query)).await
    }

    /// Reads all pages of a list, at most `limit` things.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        limit: usize,
    ) -> Result<Vec<T>, Error> {
        let mut items: Vec<T> = Vec::new();
        let mut cursor: Option<String> = None;
        while items.len() < limit {
            let page_size = (limit - items.len()).min(1000).to_string();
            let mut request = self.request(Method::GET, path).query(query).query(&[("limit", page_size)]);
            if let Some(cursor) = &cursor {
                request = request.query(&[("cursor", cursor)]);
            }
            let page: Page<T> = self.answer(request).await?;
            items.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        items.truncate(limit);
        Ok(items)
    }

    /// Sends something. The key makes a repetition harmless.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: &impl Serialize,
        idempotency_key: Option<&str>,
    ) -> Result<T, Error> {
        let request = self.request(Method::POST, path).query(query).json(body);
        self.answer(with_key(request, idempotency_key)).await
    }

    /// Asks for something to be done that needs no words.
    pub(crate) async fn act<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        idempotency_key: Option<&str>,
    ) -> Result<T, Error> {
        self.answer(with_key(self.request(Method::POST, path).query(query), idempotency_key)).await
    }

    /// Sends a file, which may take as long as an import does.
    pub(crate) async fn upload<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        content_type: &str,
        file: Vec<u8>,
    ) -> Result<T, Error> {
        let request = self.request(Method::POST, path).query(query).header("Content-Type", content_type);
        self.answer(request.body(file)).await
    }

    /// Changes something.
    pub(crate) async fn patch<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, Error> {
        self.answer(self.request(Method::PATCH, path).json(body)).await
    }

    /// Writes something, whether it is there or not.
    pub(crate) async fn put<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: &impl Serialize,
    ) -> Result<T, Error> {
        self.answer(self.request(Method::PUT, path).query(query).json(body)).await
    }

    /// Changes something as a query says. The key makes a repetition harmless.
    pub(crate) async fn patch_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: &impl Serialize,
        idempotency_key: Option<&str>,
    ) -> Result<T, Error> {
        let request = self.request(Method::PATCH, path).query(query).json(body);
        self.answer(with_key(request, idempotency_key)).await
    }

    /// Removes something.
    pub(crate) async fn delete<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        self.answer(self.request(Method::DELETE, path).query(query)).await
    }

    /// Reads something piece by piece, however long.
    pub(crate) async fn download(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Download<'_>, Error> {
        let response = self.send(self.request(Method::GET, path).query(query)).await?;
        Ok(Download { api: self, response })
    }

    /// Opens the live events of a change after number `after`.
    pub(crate) async fn events(&self, change: &str, after: i64) -> Result<Events<'_>, Error> {
        let request = self
            .request(Method::GET, &["changes", change, "events"])
            .header("Accept", "text/event-stream")
            .header("Last-Event-ID", after);
        let response = self.send(request).await?;
        let download = Download { api: self, response };
        Ok(Events { download, parser: sse::Parser::default(), ready: Vec::new().into_iter() })
    }
}

fn with_key(request: RequestBuilder, key: Option<&str>) -> RequestBuilder {
    match key {
        Some(key) => request.header("Idempotency-Key", key),
        None => request,
    }
}

/// An answer that is read piece by piece.
pub(crate) struct Download<'a> {
    api: &'a Api,
    response: Response,
}

impl Download<'_> {
    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, Error> {
        let server = || self.api.server().to_owned();
        self.response.chunk().await.map_err(|source| Error::Unreachable { server: server(), source })
    }
}

/// Live events of a change.
pub(crate) struct Events<'a> {
    download: Download<'a>,
    parser: sse::Parser,
    ready: std::vec::IntoIter<String>,
}

impl Events<'_> {
    /// The next event; `None` when the server closed the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<ChangeEvent>, Error> {
        loop {
            for text in self.ready.by_ref() {
                // Clients tolerate what they do not know: a later server may send other events.
                if let Ok(event) = serde_json::from_str(&text) {
                    return Ok(Some(event));
                }
            }
            match self.download.next().await? {
                Some(bytes) => self.ready = self.parser.push(bytes.as_ref()).into_iter(),
                None => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_built_by_segment() {
        let api = Api::new(server("http://h:1/prefix/").unwrap(), None).unwrap();
        assert_eq!(api.url(&["networks", "a/b?c"]).as_str(), "http://h:1/prefix/api/v1/networks/a%2Fb%3Fc");
        let bare = Api::new(server("http://h:1").unwrap(), None).unwrap();
        assert_eq!(bare.url(&["pools"]).as_str(), "http://h:1/api/v1/pools");
        assert_eq!(bare.server(), "http://h:1");
    }

    #[test]
    fn only_addresses_of_servers_pass() {
        for bad in ["", "localhost:8080", "ftp://x", "127.0.0.1", "http://", "http://user@host"] {
            assert!(server(bad).is_err(), "{bad}");
        }
        assert!(server("https://moxxie.example.net").is_ok());
    }

    #[test]
    fn plain_http_is_only_safe_at_home() {
        for (address, open) in [
            ("http://127.0.0.1:8080", false),
            ("http://[::1]:8080", false),
            ("http://localhost", false),
            ("http://10.0.0.1", true),
            ("https://10.0.0.1", false),
        ] {
            assert_eq!(in_the_clear(&server(address).unwrap()), open, "{address}");
        }
    }
}
