//! What tch lacks: mixed precision, determinism switches, channels-last, optimisers with savable state.
