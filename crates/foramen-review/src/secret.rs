use crate::ReviewError;

/// 128 random bits as 32 hexadecimal digits.
///
/// # Errors
/// [`ReviewError::Random`].
pub(crate) fn secret() -> Result<String, ReviewError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(ReviewError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
