use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::api::Api;
use crate::assets::asset;
use crate::failure::Failure;
use crate::guard::{Guard, guard};
use crate::item::{Session, items};
use crate::secret::secret;
use crate::store::Store;
use crate::{ReviewError, Study};

/// The longest body of a request, bytes: an answer with the longest note is far shorter.
const LONGEST_BODY: usize = 64 * 1024;

/// A page that is ready to be served.
pub struct Server {
    listener: TcpListener,
    guard: Arc<Guard>,
    api: Arc<Api>,
}

/// Binds the page of a study to the loopback interface. `port` 0 takes any free one.
///
/// # Errors
/// [`ReviewError::Serve`], and those of [`Store::open`].
pub fn serve(study: Study, session: Session, port: u16) -> Result<Server, ReviewError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let failed = |source| ReviewError::Serve { address: address.to_string(), source };
    let mut store = Store::open(&study.folder)?;
    let items = items(&study, &session, &store.seed()?);
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let guard = Arc::new(Guard { token: secret()?, port });
    let api = Arc::new(Api::new(study, session, items, Mutex::new((store, Vec::new()))));
    Ok(Server { listener, guard, api })
}

impl Server {
    /// The address of the page, with its secret.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.guard.port, self.guard.token)
    }

    /// Serves the page until the process is interrupted (Ctrl-C).
    ///
    /// # Errors
    /// [`ReviewError::Serve`].
    pub fn run(self) -> Result<(), ReviewError> {
        let address = format!("127.0.0.1:{}", self.guard.port);
        let failed = |source| ReviewError::Serve { address: address.clone(), source };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(failed)?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(self.listener).map_err(failed)?;
            let router = router(self.api, self.guard);
            let stop = async {
                if tokio::signal::ctrl_c().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            axum::serve(listener, router).with_graceful_shutdown(stop).await.map_err(failed)
        })
    }
}

fn router(api: Arc<Api>, admits: Arc<Guard>) -> Router {
    Router::new()
        .route("/{token}/", get(|| async { file("") }))
        .route(
            "/{token}/page/{name}",
            get(|Path((_, name)): Path<(String, String)>| async move { file(&name) }),
        )
        .route("/{token}/study", get(|State(api)| json_of(api, Api::study)))
        .route("/{token}/agreement", get(|State(api)| json_of(api, Api::agreement)))
        .route("/{token}/case/{item}", get(case))
        .route("/{token}/case/{item}/axial/{slice}", get(axial))
        .route("/{token}/case/{item}/sagittal/{slice}", get(sagittal))
        .route("/{token}/case/{item}/patch/{slice}/{row}/{column}", get(patch))
        .route("/{token}/levels", get(|| async { file("levels") }))
        .route("/{token}/spines", get(|State(api)| json_of(api, Api::spines)))
        .route("/{token}/spine/{person}", get(spine))
        .route("/{token}/spine/{person}/{slice}", get(spine_on))
        .route("/{token}/spine/{person}/{slice}/pixels", get(spine_pixels))
        .route("/{token}/discs", post(place))
        .route("/{token}/answer", post(answer))
        .route("/{token}/undo", post(undo))
        .route("/{token}/export", post(|State(api)| json_of(api, Api::export)))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn_with_state(admits, guard))
        .with_state(api)
}

type Shared = State<Arc<Api>>;

fn file(name: &str) -> Response {
    match asset(name) {
        Some(asset) => ([(CONTENT_TYPE, asset.kind)], asset.text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Runs blocking work, such as decoding and the database, without blocking other requests.
async fn blocking<T: Send + 'static>(
    api: Arc<Api>,
    work: impl FnOnce(&Api) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(move || work(&api)).await.unwrap_or_else(|_| {
        Err((StatusCode::INTERNAL_SERVER_ERROR, "the request could not be worked on".to_owned()))
    })
}

async fn json_of(api: Arc<Api>, work: fn(&Api) -> Result<Value, Failure>) -> Response {
    told(blocking(api, work).await)
}

fn told(result: Result<Value, Failure>) -> Response {
    match result {
        Ok(value) => axum::Json(value).into_response(),
        Err((status, message)) => (status, axum::Json(json!({ "error": message }))).into_response(),
    }
}

fn pixels(result: Result<Vec<u8>, Failure>) -> Response {
    match result {
        Ok(bytes) => ([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        failed => told(failed.map(|_| Value::Null)),
    }
}

async fn case(State(api): Shared, Path((_, item)): Path<(String, String)>) -> Response {
    told(blocking(api, move |api| api.case(&item)).await)
}

async fn axial(
    State(api): Shared,
    Path((_, item, slice)): Path<(String, String, usize)>,
) -> Response {
    pixels(blocking(api, move |api| api.axial(&item, slice)).await)
}

async fn sagittal(
    State(api): Shared,
    Path((_, item, slice)): Path<(String, String, usize)>,
) -> Response {
    pixels(blocking(api, move |api| api.sagittal(&item, slice)).await)
}

async fn patch(
    State(api): Shared,
    Path((_, item, slice, row, column)): Path<(String, String, usize, f64, f64)>,
) -> Response {
    pixels(blocking(api, move |api| api.patch(&item, slice, [row, column])).await)
}

async fn spine(State(api): Shared, Path((_, person)): Path<(String, usize)>) -> Response {
    told(blocking(api, move |api| api.spine(person, None)).await)
}

async fn spine_on(
    State(api): Shared,
    Path((_, person, slice)): Path<(String, usize, usize)>,
) -> Response {
    told(blocking(api, move |api| api.spine(person, Some(slice))).await)
}

async fn spine_pixels(
    State(api): Shared,
    Path((_, person, slice)): Path<(String, usize, usize)>,
) -> Response {
    pixels(blocking(api, move |api| api.spine_pixels(person, slice)).await)
}

async fn place(State(api): Shared, body: Bytes) -> Response {
    told(blocking(api, move |api| api.place(parsed(&body)?)).await)
}

async fn answer(State(api): Shared, body: Bytes) -> Response {
    told(blocking(api, move |api| api.answer(parsed(&body)?)).await)
}

async fn undo(State(api): Shared, body: Bytes) -> Response {
    told(blocking(api, move |api| api.undo(parsed(&body)?)).await)
}

fn parsed<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("this is no answer: {error}")))
}
