//! What D4Sign tells us (its "POSTBack"): `uuid`, `type_post`, `message`, and `email` where it is about a person; as a
//! form, which is what the vendor sends, or as JSON, which its documentation shows. Its stamp covers the document's UUID
//! and nothing else, so whatever stands here must be confirmed by a read before it is believed.

use crate::hooks::{Fields, Report, Told, Unreadable, Who};

/// What the vendor's `type_post` says happened.
const TYPES: [(&str, Told); 4] =
    [("1", Told::Completed), ("2", Told::Undeliverable), ("3", Told::Cancelled), ("4", Told::Signed)];

/// What a body tells. A type that the vendor has not documented changes nothing.
pub fn read(content_type: Option<&str>, body: &[u8]) -> Result<Report, Unreadable> {
    let fields = Fields::read(content_type, body)?;
    let document = fields.get("uuid").filter(|uuid| Report::is_document(uuid)).ok_or(Unreadable::Field("uuid"))?;
    let word = fields.get("type_post").filter(|word| Report::is_word(word)).ok_or(Unreadable::Field("type_post"))?;
    let told = TYPES.iter().find(|(name, _)| *name == word).map_or(Told::Other, |(_, told)| *told);
    let email = fields.get("email").map(str::to_owned);
    Ok(Report {
        document: document.to_owned(),
        told,
        signer: email.map(|email| Who { email: Some(email), key: None }),
        word: word.to_owned(),
        reason: None,
        at: None,
    })
}
