//! Brazilian Portuguese.

use super::{Facts, Words, date_de, or_word, stop};
use countersign_engine::signer::Role;

use super::LetterKind;
use jiff::Timestamp;

const MONTHS: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

/// The sentences of one letter, in Brazilian Portuguese.
pub(super) fn words(facts: &Facts<'_>) -> Words {
    let organization = or_word(facts.organization, "Countersign");
    let title = or_word(facts.title, "Documento sem título");
    let (subject, lead, note) = story(facts, organization, title);
    Words {
        subject,
        greeting: match facts.name {
            "" => "Olá,".into(),
            name => format!("Olá, {name},"),
        },
        lead,
        note,
        message_label: format!("Mensagem de {organization}:"),
        reason_label: "Motivo informado:".into(),
        documents_label: "Documentos:".into(),
        button: button(facts).into(),
        link_label: "Se o botão não funcionar, abra este endereço:".into(),
        link_notice: "Este link é pessoal: foi criado só para você. Por favor, não encaminhe \
                      este e-mail."
            .into(),
        footer: match facts.kind {
            LetterKind::Invitation | LetterKind::Reminder => format!(
                "Enviado pelo Countersign em nome de {} Se você não esperava por \
                 ele, pode ignorar este e-mail: nada é feito em seu nome sem você.",
                stop(organization)
            ),
            _ => format!("Enviado pelo Countersign em nome de {}", stop(organization)),
        },
    }
}

/// Subject, lead and note.
fn story(f: &Facts<'_>, organization: &str, title: &str) -> (String, String, Option<String>) {
    let actor = f.actor.unwrap_or(organization);
    match f.kind {
        LetterKind::Invitation => {
            let asks = match f.role {
                Role::Signer => "pede que você assine",
                Role::Approver => "pede que você aprove",
                Role::Acknowledger => "pede que você confirme o recebimento de",
                Role::Witness => "pede que você seja testemunha da assinatura de",
                Role::Copied => "envia a você uma cópia de",
                Role::Viewer => "convida você a acompanhar",
            };
            (format!("{organization} {asks} “{title}”"), format!("{organization} {asks} “{title}”."), until(f))
        }
        LetterKind::Reminder => {
            let waits = match f.role {
                Role::Signer => "aguarda a sua assinatura",
                Role::Approver => "aguarda a sua aprovação",
                Role::Acknowledger => "aguarda que você confirme o recebimento",
                Role::Witness => "aguarda a sua assinatura como testemunha",
                Role::Copied => "está disponível para a sua leitura",
                Role::Viewer => "está disponível para o seu acompanhamento",
            };
            (
                format!("Lembrete: “{title}” {waits}"),
                format!("Um lembrete gentil: “{title}”, de {organization}, {waits}."),
                until(f),
            )
        }
        LetterKind::Withdrawn => (
            format!("O seu link para “{title}” foi retirado"),
            format!("{organization} mudou a quem “{title}” é pedido. O link que você recebeu não funciona mais."),
            Some("Você não precisa fazer mais nada com esta mensagem.".into()),
        ),
        LetterKind::Code => (
            format!("O seu código para “{title}”"),
            format!("Com este código você confirma que é você quem abre “{title}” de {organization}:"),
            Some("Ele vale por 10 minutos, na página em que foi pedido. Não o informe a ninguém.".into()),
        ),
        LetterKind::Completed => (
            format!("“{title}” foi concluído"),
            format!("Todos já fizeram a sua parte: “{title}”, de {organization}, foi concluído."),
            Some("Você não precisa fazer mais nada. Sugerimos que guarde uma cópia.".into()),
        ),
        LetterKind::Declined => (
            format!("“{title}” foi recusado"),
            format!(
                "{} recusou “{title}”, de {organization}, e por isso ele não será concluído.",
                f.actor.unwrap_or("Uma das pessoas convidadas")
            ),
            Some("Os links não funcionam mais, e você não precisa fazer mais nada.".into()),
        ),
        LetterKind::Cancelled => (
            format!("“{title}” foi cancelado"),
            format!("{actor} cancelou a solicitação sobre “{title}”."),
            Some("Os links não funcionam mais, e você não precisa fazer mais nada.".into()),
        ),
        LetterKind::Expired => (
            format!("“{title}” expirou"),
            match f.expires_at {
                Some(at) => format!("O prazo de “{title}”, de {organization}, terminou em {}.", on(at)),
                None => format!("O prazo de “{title}”, de {organization}, terminou."),
            },
            Some("Os links não funcionam mais. Se ainda for necessário, peça um novo envio.".into()),
        ),
    }
}

fn until(facts: &Facts<'_>) -> Option<String> {
    let at = facts.expires_at?;
    Some(match facts.role {
        Role::Copied | Role::Viewer => format!("O link funciona até {}.", on(at)),
        _ => format!("Você pode fazer isso até {}.", on(at)),
    })
}

fn on(at: Timestamp) -> String {
    date_de(at, &MONTHS, " às ")
}

fn button(facts: &Facts<'_>) -> &'static str {
    let several = facts.documents > 1;
    match (facts.kind, facts.role) {
        (LetterKind::Invitation | LetterKind::Reminder, role) => match role {
            Role::Signer => "Ler e assinar",
            Role::Approver => "Ler e aprovar",
            Role::Acknowledger => "Ler e confirmar",
            Role::Witness => "Ler e assinar como testemunha",
            Role::Copied | Role::Viewer if several => "Ler os documentos",
            Role::Copied | Role::Viewer => "Ler o documento",
        },
        (LetterKind::Completed, _) if several => "Obter os documentos finais",
        (LetterKind::Completed, _) => "Obter o documento final",
        _ => "Ver os detalhes",
    }
}
