//! What several fuzz targets need. A target panics where an invariant does not hold.

pub mod naive;
pub mod story;

use arbitrary::Unstructured;

/// Cuts bytes into pieces whose lengths the fuzzer chooses, or into one.
pub fn pieces<'a>(bytes: &'a [u8], lengths: &mut Unstructured<'_>) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = match lengths.arbitrary::<u8>() {
            Ok(length) if !lengths.is_empty() => usize::from(length % 32).clamp(1, rest.len()),
            _ => rest.len(),
        };
        let (piece, left) = rest.split_at(length);
        pieces.push(piece);
        rest = left;
    }
    pieces
}
