//! Spanish, in the polite form.

use super::{Facts, Words, date_de, or_word, stop};
use countersign_engine::signer::Role;

use super::LetterKind;
use jiff::Timestamp;

const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// The sentences of one letter, in Spanish.
pub(super) fn words(facts: &Facts<'_>) -> Words {
    let organization = or_word(facts.organization, "Countersign");
    let title = or_word(facts.title, "Documento sin título");
    let (subject, lead, note) = story(facts, organization, title);
    Words {
        subject,
        greeting: match facts.name {
            "" => "Hola:".into(),
            name => format!("Hola, {name}:"),
        },
        lead,
        note,
        message_label: format!("Mensaje de {organization}:"),
        reason_label: "Motivo indicado:".into(),
        documents_label: "Documentos:".into(),
        button: button(facts).into(),
        link_label: "Si el botón no funciona, abra esta dirección:".into(),
        link_notice: "Este enlace es personal: se ha creado solo para usted. Por favor, no \
                      reenvíe este correo."
            .into(),
        footer: match facts.kind {
            LetterKind::Invitation | LetterKind::Reminder => format!(
                "Enviado por Countersign en nombre de {} Si no lo esperaba, puede \
                 ignorar este correo: nada se hace en su nombre sin usted.",
                stop(organization)
            ),
            _ => format!("Enviado por Countersign en nombre de {}", stop(organization)),
        },
    }
}

/// Subject, lead and note.
fn story(f: &Facts<'_>, organization: &str, title: &str) -> (String, String, Option<String>) {
    let actor = f.actor.unwrap_or(organization);
    match f.kind {
        LetterKind::Invitation => {
            let asks = match f.role {
                Role::Signer => "le pide que firme",
                Role::Approver => "le pide que apruebe",
                Role::Acknowledger => "le pide que confirme la recepción de",
                Role::Witness => "le pide que sea testigo de la firma de",
                Role::Copied => "le envía una copia de",
                Role::Viewer => "le invita a seguir",
            };
            (format!("{organization} {asks} “{title}”"), format!("{organization} {asks} “{title}”."), until(f))
        }
        LetterKind::Reminder => {
            let waits = match f.role {
                Role::Signer => "está pendiente de su firma",
                Role::Approver => "está pendiente de su aprobación",
                Role::Acknowledger => "está pendiente de que confirme la recepción",
                Role::Witness => "está pendiente de su firma como testigo",
                Role::Copied => "está a su disposición para leerlo",
                Role::Viewer => "está a su disposición para seguirlo",
            };
            (
                format!("Recordatorio: “{title}” {waits}"),
                format!("Un recordatorio cordial: “{title}”, de {organization}, {waits}."),
                until(f),
            )
        }
        LetterKind::Withdrawn => (
            format!("Se ha retirado su enlace a “{title}”"),
            format!(
                "{organization} ha cambiado a quién se dirige “{title}”. El enlace que usted recibió ya no funciona."
            ),
            Some("No tiene que hacer nada más con este mensaje.".into()),
        ),
        LetterKind::Code => (
            format!("Su código para “{title}”"),
            format!("Con este código confirma que es usted quien abre “{title}” de {organization}:"),
            Some("Sirve durante 10 minutos, en la página donde lo pidió. No se lo diga a nadie.".into()),
        ),
        LetterKind::Completed => (
            format!("“{title}” está completo"),
            format!("Todas las personas han hecho su parte: “{title}”, de {organization}, está completo."),
            Some("No tiene que hacer nada más. Le sugerimos que guarde una copia.".into()),
        ),
        LetterKind::Declined => (
            format!("“{title}” ha sido rechazado"),
            format!(
                "{} ha rechazado “{title}”, de {organization}, por lo que no se completará.",
                f.actor.unwrap_or("Una de las personas convocadas")
            ),
            Some("Los enlaces ya no funcionan y no tiene que hacer nada más.".into()),
        ),
        LetterKind::Cancelled => (
            format!("“{title}” ha sido cancelado"),
            format!("{actor} ha cancelado la solicitud sobre “{title}”."),
            Some("Los enlaces ya no funcionan y no tiene que hacer nada más.".into()),
        ),
        LetterKind::Expired => (
            format!("“{title}” ha caducado"),
            match f.expires_at {
                Some(at) => format!("El plazo de “{title}”, de {organization}, terminó el {}.", on(at)),
                None => format!("El plazo de “{title}”, de {organization}, ha terminado."),
            },
            Some(
                "Los enlaces ya no funcionan. Si todavía hace falta, pida que se lo envíen de \
                 nuevo."
                    .into(),
            ),
        ),
    }
}

fn until(facts: &Facts<'_>) -> Option<String> {
    let at = facts.expires_at?;
    Some(match facts.role {
        Role::Copied | Role::Viewer => format!("El enlace funciona hasta el {}.", on(at)),
        _ => format!("Puede hacerlo hasta el {}.", on(at)),
    })
}

fn on(at: Timestamp) -> String {
    date_de(at, &MONTHS, " a las ")
}

fn button(facts: &Facts<'_>) -> &'static str {
    let several = facts.documents > 1;
    match (facts.kind, facts.role) {
        (LetterKind::Invitation | LetterKind::Reminder, role) => match role {
            Role::Signer => "Leer y firmar",
            Role::Approver => "Leer y aprobar",
            Role::Acknowledger => "Leer y confirmar",
            Role::Witness => "Leer y firmar como testigo",
            Role::Copied | Role::Viewer if several => "Leer los documentos",
            Role::Copied | Role::Viewer => "Leer el documento",
        },
        (LetterKind::Completed, _) if several => "Obtener los documentos finales",
        (LetterKind::Completed, _) => "Obtener el documento final",
        _ => "Ver los detalles",
    }
}
