//! The words that the audit trail uses beside those of the certificate, in each language.

use crate::language::Language;

/// Every phrase the audit trail adds.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) state: &'static str,
    pub(super) status: &'static str,
    pub(super) created: &'static str,
    pub(super) ended: &'static str,
    pub(super) sealed: &'static str,
    pub(super) invited: &'static str,
    pub(super) opened: &'static str,
    pub(super) acted: &'static str,
    pub(super) number: &'static str,
    pub(super) time: &'static str,
    pub(super) event: &'static str,
    pub(super) who: &'static str,
    pub(super) verify: &'static str,
    pub(super) reason: &'static str,
}

const ENGLISH: Words = Words {
    title: "Audit trail",
    state: "State",
    status: "Status",
    created: "Created",
    ended: "Ended",
    sealed: "Sealed SHA-256",
    invited: "Invited",
    opened: "Opened",
    acted: "Answered",
    number: "No.",
    time: "Time (UTC)",
    event: "Event and its hash",
    who: "By whom, from where",
    verify: "This file is sealed: any later change to it is detectable. Run “countersign verify FILE”, or open the \
             signature panel of a PDF reader. Each event's hash is the SHA-256 of the hash before it and the event as \
             canonical JSON; so the chain head stands for all of them. The evidence file holds the events themselves.",
    reason: "Seal of an audit trail",
};

const SPANISH: Words = Words {
    title: "Registro de auditoría",
    state: "Estado",
    status: "Situación",
    created: "Creada",
    ended: "Terminada",
    sealed: "SHA-256 sellado",
    invited: "Invitado",
    opened: "Abierto",
    acted: "Respondido",
    number: "N.º",
    time: "Hora (UTC)",
    event: "Evento y su huella",
    who: "Quién y desde dónde",
    verify: "Este archivo está sellado: cualquier cambio posterior es detectable. Ejecute «countersign verify \
             ARCHIVO» o abra el panel de firmas de un lector de PDF. La huella de cada evento es el SHA-256 de la \
             huella anterior y del evento como JSON canónico; así el fin de la cadena responde por todos. El archivo \
             de evidencias contiene los propios eventos.",
    reason: "Sello de un registro de auditoría",
};

const PORTUGUESE: Words = Words {
    title: "Trilha de auditoria",
    state: "Estado",
    status: "Situação",
    created: "Criada",
    ended: "Encerrada",
    sealed: "SHA-256 selado",
    invited: "Convidado",
    opened: "Aberto",
    acted: "Respondido",
    number: "N.º",
    time: "Hora (UTC)",
    event: "Evento e seu resumo",
    who: "Quem e de onde",
    verify: "Este arquivo está selado: qualquer mudança posterior é detectável. Execute “countersign verify ARQUIVO” \
             ou abra o painel de assinaturas de um leitor de PDF. O resumo de cada evento é o SHA-256 do resumo \
             anterior e do evento como JSON canônico; assim o fim da cadeia responde por todos. O arquivo de \
             evidências contém os próprios eventos.",
    reason: "Selo de uma trilha de auditoria",
};

impl Words {
    /// The words of a language.
    pub(super) fn of(language: Language) -> &'static Words {
        match language {
            Language::English => &ENGLISH,
            Language::Spanish => &SPANISH,
            Language::Portuguese => &PORTUGUESE,
        }
    }
}
