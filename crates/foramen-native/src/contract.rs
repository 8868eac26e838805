//! The definition of a saved model: its files, its inputs, and the views of a patch.
//!
//! This is for crates that train or convert a model. `foramen-cnn` writes and reads its models by
//! these types, so that both crates interpret the same file in the same way.
//!
//! | file | type | holds |
//! |---|---|---|
//! | `config.json` | [`Description`] | format, version, scales, temperature, hash of the weights |
//! | `weights.safetensors` | – | tensors named `member0.stem.weight`, … |

mod covariate;
mod description;
mod input;
mod input_error;
mod view;

pub use covariate::{Covariate, Covariates};
pub use description::{
    CONFIG, Description, FOLD, FormatError, PerChannel, ScaleFile, WEIGHTS, parse,
};
pub use input::Input;
pub use input_error::InputError;
pub use view::{Placement, VIEW, VIEWS, keyed, view_key};
