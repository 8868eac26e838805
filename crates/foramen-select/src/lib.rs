//! The cervical neural foramen measured on every axial slice, and the narrowest chosen with its evidence.
