/// Settings of the augmentation of training images. Widths must be preserved, so the scale hardly
/// changes; the side is normalised, so images are mirrored only on request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Augmentation {
    /// Largest rotation, degrees. Default 10, the usual variation in patient positioning.
    pub rotation: f64,
    /// Largest shift along rows and along columns, pixels. Default 4, which is 2 mm at the default
    /// 0.5 mm: the usual error of a centre.
    pub shift: f64,
    /// Largest relative change of scale. Default 0.03.
    pub scale: f64,
    /// Largest exponent change: intensities are raised to `exp(±gamma)`.
    /// Default 0.25.
    pub gamma: f64,
    /// Largest relative change of intensity across the field of view. Default 0.25, as caused by
    /// surface coils.
    pub bias: f64,
    /// Largest offset of intensity. Default 0.05.
    pub offset: f64,
    /// Largest standard deviation of added noise. Default 0.05 of the window.
    pub noise: f64,
    /// Largest elastic displacement, pixels: a smooth displacement field. Default 0, because it
    /// changes widths.
    pub elastic: f64,
    /// Largest edge of a square that is hidden under the mean of the image, as a share
    /// of the field of view (DeVries and Taylor 2017, arXiv 1708.04552). Default 0: it
    /// may hide the foramen.
    pub cutout: f64,
    /// Largest standard deviation of a Gaussian blur, pixels of the field of view.
    /// Default 0: blur makes narrow passages look wider.
    pub blur: f64,
    /// Share of the images that are mirrored left to right. Default 0: a patch has the treated side
    /// at image left, and no patch looks like its mirror image. Use 0.5 for images whose sides are
    /// equivalent.
    pub flip: f64,
    /// Images, outcomes and widths are mixed with others of their batch, in shares from
    /// Beta(`mixup`, `mixup`) (Zhang 2017, arXiv 1710.09412). Default 0, no mixing: the sum of two
    /// foramina is not a foramen.
    pub mixup: f64,
    /// A square of another image of the batch is inserted, with an area from Beta(`cutmix`,
    /// `cutmix`) (Yun 2019, arXiv 1905.04899). If mixup is also set, each image has one or the
    /// other. Default 0, no cutmix.
    pub cutmix: f64,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            rotation: 10.0,
            shift: 4.0,
            scale: 0.03,
            gamma: 0.25,
            bias: 0.25,
            offset: 0.05,
            noise: 0.05,
            elastic: 0.0,
            cutout: 0.0,
            blur: 0.0,
            flip: 0.0,
            mixup: 0.0,
            cutmix: 0.0,
        }
    }
}

impl Augmentation {
    /// Each bound by its name, with its smallest and largest allowed value.
    pub(crate) fn bounds(&self) -> [(&'static str, f64, [f64; 2]); 13] {
        let any = [0.0, f64::MAX];
        [
            ("rotation", self.rotation, [0.0, 180.0]),
            ("shift", self.shift, any),
            ("scale", self.scale, [0.0, 0.99]),
            ("gamma", self.gamma, [0.0, 10.0]),
            ("bias", self.bias, any),
            ("offset", self.offset, any),
            ("noise", self.noise, any),
            ("elastic", self.elastic, any),
            ("cutout", self.cutout, [0.0, 1.0]),
            ("blur", self.blur, any),
            ("flip", self.flip, [0.0, 1.0]),
            ("mixup", self.mixup, any),
            ("cutmix", self.cutmix, any),
        ]
    }

    /// No augmentation.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            rotation: 0.0,
            shift: 0.0,
            scale: 0.0,
            gamma: 0.0,
            bias: 0.0,
            offset: 0.0,
            noise: 0.0,
            elastic: 0.0,
            cutout: 0.0,
            blur: 0.0,
            flip: 0.0,
            mixup: 0.0,
            cutmix: 0.0,
        }
    }
}
