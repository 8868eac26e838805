//! Nothing of its own: the benches are the files in `benches/`.
