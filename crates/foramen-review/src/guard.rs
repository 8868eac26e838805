use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use std::sync::Arc;

/// The page's content security policy: it may load its own files and talk to its own server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' \
                      data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    // A shared computer keeps no pictures of patients.
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The check of who may talk to the server.
#[derive(Debug)]
pub(crate) struct Guard {
    /// The secret in the address.
    pub(crate) token: String,
    pub(crate) port: u16,
}

impl Guard {
    /// The names of this machine in a request. Any other name means that a foreign page lets its
    /// own host name point here.
    fn hosts(&self) -> [String; 2] {
        ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port))
    }

    fn admits(&self, request: &Request) -> Result<(), StatusCode> {
        let text = |name: HeaderName| request.headers().get(name).map(HeaderValue::as_bytes);
        let hosts = self.hosts();
        if !hosts.iter().any(|host| text(HOST) == Some(host.as_bytes())) {
            return Err(StatusCode::FORBIDDEN);
        }
        let token = request.uri().path().split('/').nth(1).unwrap_or_default();
        if !is_same(token, &self.token) {
            return Err(StatusCode::NOT_FOUND);
        }
        let origins = hosts.map(|host| format!("http://{host}"));
        let is_own = |origin: &[u8]| origins.iter().any(|own| own.as_bytes() == origin);
        // A browser names the origin of whatever writes.
        let writes = *request.method() != Method::GET;
        let origin = text(ORIGIN);
        if origin.is_some_and(|origin| !is_own(origin)) || writes && origin.is_none() {
            return Err(StatusCode::FORBIDDEN);
        }
        let site = text(HeaderName::from_static("sec-fetch-site"));
        match site {
            Some(site) if site != b"same-origin" && site != b"none" => Err(StatusCode::FORBIDDEN),
            _ => Ok(()),
        }
    }
}

/// Whether two texts are equal, compared in constant time.
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.bytes().zip(other.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// Refuses requests that do not come from the page, and sets the security headers.
pub(crate) async fn guard(
    State(guard): State<Arc<Guard>>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let mut response = match guard.admits(&request) {
        Ok(()) => next.run(request).await,
        Err(status) => (status, "refused\n").into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
