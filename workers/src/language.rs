//! The languages people are written to in.

use serde::{Deserialize, Serialize};

/// A language of the pages, the mail and the certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
    /// Brazilian Portuguese.
    #[serde(rename = "pt-BR")]
    Portuguese,
}

impl Language {
    /// Every language there is.
    pub const ALL: [Language; 3] = [Language::English, Language::Spanish, Language::Portuguese];

    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Spanish => "es",
            Language::Portuguese => "pt-BR",
        }
    }

    /// The language of a BCP 47 tag by its first part; `None` if we do not speak it.
    pub fn parse(tag: &str) -> Option<Language> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| {
            let own = language.tag().split('-').next().unwrap_or_default();
            own.eq_ignore_ascii_case(primary)
        })
    }

    /// The language of a stored tag; English if it is none of ours.
    pub fn from_tag(tag: &str) -> Language {
        Language::parse(tag).unwrap_or_default()
    }

    /// The best of an `Accept-Language` header (RFC 9110, 12.5.4); `None` if it names none of ours.
    pub fn negotiate(accept: &str) -> Option<Language> {
        let weighed = accept.split(',').filter_map(|item| {
            let (tag, parameters) = item.split_once(';').unwrap_or((item, ""));
            let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |text| text.parse::<f32>().ok())?;
            (weight > 0.0).then_some(())?;
            Some((weight, Language::parse(tag)?))
        });
        // The first of the heaviest wins.
        weighed.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, language)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn tags_are_read_by_their_first_part() {
        let cases = [
            ("pt-BR", "pt-BR"),
            ("pt_br", "pt-BR"),
            ("PT", "pt-BR"),
            ("es-419", "es"),
            (" es ", "es"),
            ("en-GB", "en"),
        ];
        for (tag, expected) in cases {
            assert_eq!(Language::parse(tag).map(Language::tag), Some(expected), "{tag:?}");
        }
        assert_eq!(Language::parse("de"), None);
    }

    #[test]
    fn the_heaviest_language_we_speak_wins() {
        assert_eq!(Language::negotiate("de, es;q=0.7, pt-BR;q=0.9, *;q=0.1"), Some(Language::Portuguese));
        assert_eq!(Language::negotiate("en;q=0, fr"), None);
    }
}
