//! How serde writes and reads values (feature `serde`): in the form of tables, with the same
//! checks.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::{Level, Nrs, Outcome, Probability, Side, SubjectId};

/// Reads a text by `FromStr`.
struct Text<T>(&'static str, std::marker::PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Types that are written as a text and read from it.
macro_rules! as_text {
    ($($name:ty: $expected:literal),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text($expected, std::marker::PhantomData))
            }
        }
    )*};
}

as_text!(
    SubjectId: "the id of a subject",
    Level: "a cervical disc level, such as C5/6",
    Side: "left or right",
    Outcome: "poor or favourable"
);

/// As a number, such as 4.5.
impl Serialize for Nrs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.get())
    }
}

impl<'de> Deserialize<'de> for Nrs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer)?.to_string().parse().map_err(D::Error::custom)
    }
}

/// As a number from 0 to 1.
impl Serialize for Probability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.get())
    }
}

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;

    #[test]
    fn values_are_read_back_as_they_were_and_wrong_ones_are_named() {
        let row = (
            SubjectId::new("P 007").unwrap(),
            (Level::C7T1, Side::Right, Outcome::Favourable),
            ("4.5".parse::<Nrs>().unwrap(), Probability::new(0.1).unwrap()),
            Point::new(1.0, -2.5, 0.0),
        );
        let text = serde_json::to_string(&row).unwrap();
        let expected =
            r#"["P 007",["C7/T1","right","favourable"],[4.5,0.1],{"x":1.0,"y":-2.5,"z":0.0}]"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<(_, _, _, _)>(&text).unwrap(), row);
        let wrong = |text: &str| serde_json::from_str::<Level>(text).unwrap_err().to_string();
        assert!(wrong("\"C6\"").contains("two readings"), "{}", wrong("\"C6\""));
        assert!(wrong("6").contains("such as C5/6"), "{}", wrong("6"));
        assert!(serde_json::from_str::<Probability>("1.5").is_err());
        assert!(serde_json::from_str::<Nrs>("10.5").is_err());
    }
}
