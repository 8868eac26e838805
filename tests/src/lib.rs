//! Nothing of its own: the tests are the files beside `src/`.
