//! How much of an image is taken, so that a small file cannot fill a machine.
/// The most that is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all layers together, unpacked.
    pub unpacked: u64,
    /// Entries of all layers together.
    pub entries: u64,
    /// Bytes of the paths of all entries together.
    pub names: u64,
    /// Bytes of a manifest, an index or a configuration.
    pub document: u64,
    /// Layers of an image.
    pub layers: usize,
}

impl Default for Limits {
    /// 64 GiB in two million entries; the largest images in use have a quarter of it.
    fn default() -> Self {
        Self {
            unpacked: 64 * 1024 * 1024 * 1024,
            entries: 2_000_000,
            names: 512 * 1024 * 1024,
            document: 16 * 1024 * 1024,
            layers: 1024,
        }
    }
}
