/// One frame of an enhanced MR object; every pixel holds `value`.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) stack: &'static str,
    /// In-Stack Position Number; 0 leaves it out.
    pub(crate) in_stack: u32,
    /// Temporal Position Index; 0 leaves it out.
    pub(crate) time: u32,
    /// Degrees about the left-right axis.
    pub(crate) tilt: f64,
    /// Millimetres along z.
    pub(crate) height: f64,
    pub(crate) value: u8,
}

impl Frame {
    pub(crate) fn new(stack: &'static str, in_stack: u32, height: f64) -> Self {
        let value = u8::try_from(in_stack).unwrap();
        Self { stack, in_stack, time: 0, tilt: 0.0, height, value }
    }
}

/// An enhanced MR object of 4 × 4 pixels, explicit little endian.
pub(crate) fn enhanced(frames: &[Frame]) -> Vec<u8> {
    let mut out = vec![0; 128];
    out.extend(b"DICM");
    text(&mut out, 0x0002, 0x0010, b"UI", "1.2.840.10008.1.2.1");
    text(&mut out, 0x0008, 0x0008, b"CS", "ORIGINAL\\PRIMARY\\M\\NONE");
    text(&mut out, 0x0008, 0x0016, b"UI", "1.2.840.10008.5.1.4.1.1.4.1");
    text(&mut out, 0x0008, 0x0018, b"UI", "2.25.9");
    text(&mut out, 0x0008, 0x0060, b"CS", "MR");
    text(&mut out, 0x0010, 0x0020, b"LO", "P1");
    text(&mut out, 0x0020, 0x000D, b"UI", "2.25.2");
    text(&mut out, 0x0020, 0x000E, b"UI", "2.25.4");
    short(&mut out, 0x0002, 1);
    text(&mut out, 0x0028, 0x0004, b"CS", "MONOCHROME2");
    text(&mut out, 0x0028, 0x0008, b"IS", &frames.len().to_string());
    for (element, value) in
        [(0x0010, 4), (0x0011, 4), (0x0100, 8), (0x0101, 8), (0x0102, 7), (0x0103, 0)]
    {
        short(&mut out, element, value);
    }
    let mut measures = Vec::new();
    text(&mut measures, 0x0018, 0x0050, b"DS", "2.5");
    text(&mut measures, 0x0028, 0x0030, b"DS", "0.5\\0.5");
    let shared = sequence(0x0028, 0x9110, &[measures]);
    out.extend(sequence(0x5200, 0x9229, &[shared]));
    let items: Vec<_> = frames.iter().map(functional_groups).collect();
    out.extend(sequence(0x5200, 0x9230, &items));
    let pixels: Vec<u8> = frames.iter().flat_map(|frame| [frame.value; 16]).collect();
    element(&mut out, 0x7FE0, 0x0010, b"OB", &pixels);
    out
}

fn functional_groups(frame: &Frame) -> Vec<u8> {
    let (sin, cos) = frame.tilt.to_radians().sin_cos();
    let (mut content, mut position, mut orientation) = (Vec::new(), Vec::new(), Vec::new());
    text(&mut content, 0x0020, 0x9056, b"SH", frame.stack);
    for (number, value) in [(0x9057, frame.in_stack), (0x9128, frame.time)] {
        if value > 0 {
            element(&mut content, 0x0020, number, b"UL", &value.to_le_bytes());
        }
    }
    text(&mut position, 0x0020, 0x0032, b"DS", &format!("0\\0\\{}", frame.height));
    let cosines = format!("1\\0\\0\\0\\{cos:.6}\\{:.6}", -sin);
    text(&mut orientation, 0x0020, 0x0037, b"DS", &cosines);
    let groups = [(0x9111, content), (0x9113, position), (0x9116, orientation)];
    groups.into_iter().flat_map(|(number, item)| sequence(0x0020, number, &[item])).collect()
}

/// A sequence of items, all of known length.
fn sequence(group: u16, number: u16, items: &[Vec<u8>]) -> Vec<u8> {
    let mut value = Vec::new();
    for item in items {
        value.extend([0xFE, 0xFF, 0x00, 0xE0]);
        value.extend(u32::try_from(item.len()).unwrap().to_le_bytes());
        value.extend(item);
    }
    let mut out = Vec::new();
    element(&mut out, group, number, b"SQ", &value);
    out
}

fn short(out: &mut Vec<u8>, number: u16, value: u16) {
    element(out, 0x0028, number, b"US", &value.to_le_bytes());
}

fn text(out: &mut Vec<u8>, group: u16, number: u16, kind: &[u8; 2], value: &str) {
    let mut value = value.as_bytes().to_vec();
    if value.len() % 2 == 1 {
        value.push(if kind == b"UI" { 0 } else { b' ' });
    }
    element(out, group, number, kind, &value);
}

fn element(out: &mut Vec<u8>, group: u16, number: u16, kind: &[u8; 2], value: &[u8]) {
    out.extend(group.to_le_bytes());
    out.extend(number.to_le_bytes());
    out.extend(kind);
    let length = u32::try_from(value.len()).unwrap();
    if matches!(kind, b"SQ" | b"OB") {
        out.extend([0, 0]);
        out.extend(length.to_le_bytes());
    } else {
        out.extend(u16::try_from(length).unwrap().to_le_bytes());
    }
    out.extend(value);
}
