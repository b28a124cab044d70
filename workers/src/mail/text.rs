//! The one text message there is: a one-time code, for a telephone. It is short enough for one SMS wherever the
//! organization's name is.

use crate::language::Language;

/// What a message with a code says.
pub fn code_message(language: Language, code: &str, organization: &str, minutes: i64) -> String {
    match language {
        Language::English => format!(
            "{code} is your code to sign a document of {organization}. It works for {minutes} minutes. Tell it to nobody."
        ),
        Language::Spanish => format!(
            "{code} es su código para firmar un documento de {organization}. Sirve durante {minutes} minutos. No se lo \
             diga a nadie."
        ),
        Language::Portuguese => format!(
            "{code} é o seu código para assinar um documento de {organization}. Vale por {minutes} minutos. Não o \
             informe a ninguém."
        ),
    }
}
