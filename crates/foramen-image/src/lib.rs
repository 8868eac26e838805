//! MR pixels in patient space: planes, slices, stacks, patches, resampling, intensity normalisation, PNG.
