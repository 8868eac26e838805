use foramen_image::Contrast;

/// The tissue at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tissue {
    Air,
    Skin,
    Fat,
    /// Fat between muscles and around the root: threaded by fibres and veins.
    LooseFat,
    Muscle,
    Marrow,
    Cortex,
    /// Bone growth: dense, without marrow.
    Osteophyte,
    Nucleus,
    Annulus,
    /// Disc material outside the disc.
    SoftDisc,
    Csf,
    Cord,
    GreyMatter,
    Root,
    Vein,
    /// Fast flow: a void on spin echo.
    Artery,
    /// Joint cartilage and fluid.
    Joint,
    Ligament,
    Mucosa,
    Cartilage,
    /// Scar in place of the fat around a root.
    Scar,
    /// A root that is inflamed: it holds more water.
    SwollenRoot,
}

impl Tissue {
    /// How many tissues there are.
    pub(crate) const COUNT: usize = Self::ALL.len();

    /// All tissues, in the order of their numbers.
    pub(crate) const ALL: [Tissue; 23] = [
        Self::Air,
        Self::Skin,
        Self::Fat,
        Self::LooseFat,
        Self::Muscle,
        Self::Marrow,
        Self::Cortex,
        Self::Osteophyte,
        Self::Nucleus,
        Self::Annulus,
        Self::SoftDisc,
        Self::Csf,
        Self::Cord,
        Self::GreyMatter,
        Self::Root,
        Self::Vein,
        Self::Artery,
        Self::Joint,
        Self::Ligament,
        Self::Mucosa,
        Self::Cartilage,
        Self::Scar,
        Self::SwollenRoot,
    ];

    /// Whether a nerve cannot pass: bone, disc, joint, and growths on them.
    pub(crate) fn is_hard(self) -> bool {
        matches!(
            self,
            Self::Marrow
                | Self::Cortex
                | Self::Osteophyte
                | Self::Nucleus
                | Self::Annulus
                | Self::SoftDisc
                | Self::Joint
        )
    }

    /// Signal against CSF.
    ///
    /// T2 FSE from relaxation times (10.1007/s00330-020-06863-3: CSF 1, cord
    /// 0.38, disc 0.14–0.50, marrow 0.60) with marrow lowered and fat raised to
    /// what cervical images show; T2* as in cervical multi-echo images, where bone
    /// is dark throughout.
    pub(crate) fn signal(self, contrast: Contrast) -> f32 {
        let (fse, star) = match self {
            Self::Air => (0.0, 0.0),
            Self::Skin => (0.30, 0.30),
            Self::Fat => (0.80, 0.34),
            Self::LooseFat => (0.60, 0.68),
            Self::Muscle => (0.14, 0.58),
            Self::Marrow => (0.40, 0.11),
            Self::Cortex => (0.04, 0.05),
            Self::Osteophyte => (0.07, 0.06),
            Self::Nucleus => (0.34, 0.34),
            Self::Annulus => (0.15, 0.22),
            Self::SoftDisc => (0.27, 0.36),
            Self::Csf => (1.0, 1.0),
            Self::Cord => (0.42, 0.70),
            Self::GreyMatter => (0.46, 0.80),
            Self::Root => (0.33, 0.55),
            Self::Vein => (0.50, 0.95),
            Self::Artery => (0.03, 0.42),
            Self::Joint => (0.55, 0.45),
            Self::Ligament => (0.07, 0.12),
            Self::Mucosa => (0.45, 0.55),
            Self::Cartilage => (0.22, 0.30),
            Self::Scar => (0.22, 0.38),
            Self::SwollenRoot => (0.52, 0.82),
        };
        if contrast == Contrast::T2Star { star } else { fse }
    }

    /// Share of its signal from fat, which the scanner may displace.
    pub(crate) fn fat(self) -> f32 {
        match self {
            Self::Fat => 1.0,
            Self::LooseFat => 0.8,
            Self::Marrow => 0.5,
            _ => 0.0,
        }
    }

    /// Variation of its signal from point to point, as a share of the signal.
    pub(crate) fn texture(self) -> f32 {
        match self {
            Self::Muscle => 0.13,
            Self::Fat | Self::LooseFat => 0.16,
            Self::Marrow | Self::Nucleus | Self::Annulus | Self::SoftDisc => 0.12,
            Self::Csf => 0.04,
            _ => 0.06,
        }
    }
}
