use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;

use crate::ReviewError;

/// A failure as a status and a sentence for the reader.
pub(crate) type Failure = (StatusCode, String);

pub(crate) fn absent() -> Failure {
    (StatusCode::NOT_FOUND, "there is no such case or image".to_owned())
}

pub(crate) fn undecoded() -> Failure {
    (StatusCode::NOT_FOUND, "this image could not be decoded".to_owned())
}

pub(crate) fn unreadable(why: String) -> Failure {
    (StatusCode::NOT_FOUND, format!("the image cannot be shown: {why}"))
}

pub(crate) fn unkept(error: &ReviewError) -> Failure {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    (StatusCode::INTERNAL_SERVER_ERROR, text)
}

/// Locks a mutex even after another request panicked: the database keeps the rows.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
