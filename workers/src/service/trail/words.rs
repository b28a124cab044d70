//! What events, statuses and letters are called in an audit trail, in each language.

use countersign_engine::effect::EffectKind;
use countersign_engine::event::{Detail, Fact};
use countersign_engine::national_id::NationalId;
use countersign_engine::person::Person;
use countersign_engine::request::Status;
use countersign_engine::requirement::Method;
use countersign_engine::signer::SignerStatus;
use jiff::Timestamp;

use super::readable;
use crate::language::Language;

/// Every phrase; lists stand in the order of what they name.
pub(super) struct Words {
    statuses: [&'static str; 8],
    signers: [&'static str; 5],
    /// By [`EffectKind::ALL`].
    effects: [&'static str; 17],
    /// By [`Method::ALL`].
    methods: [&'static str; 12],
    /// By the order of [`Detail`].
    changes: [&'static str; 7],
    handed_link: &'static str,
    facts: Facts,
    until: &'static str,
    pub(super) key: &'static str,
    pub(super) system: &'static str,
    pub(super) reason: &'static str,
    pub(super) link: &'static str,
    pub(super) order: &'static str,
    pub(super) due: &'static str,
}

/// What each fact is called.
struct Facts {
    created: &'static str,
    revised: &'static str,
    sent: &'static str,
    invited: &'static str,
    resent: &'static str,
    viewed: &'static str,
    challenged: &'static str,
    authenticated: &'static str,
    signed: &'static str,
    refused: &'static str,
    reminded: &'static str,
    replaced: &'static str,
    corrected: &'static str,
    added: &'static str,
    removed: &'static str,
    completed: &'static str,
    declined: &'static str,
    expiring: &'static str,
    expired: &'static str,
    cancelled: &'static str,
    deleted: &'static str,
    held: &'static str,
    released: &'static str,
    purged: &'static str,
    sealed: &'static str,
    seal_failed: &'static str,
    delivered: &'static str,
    undelivered: &'static str,
    submitted: &'static str,
    provider_failed: &'static str,
    silent: &'static str,
    reported: &'static str,
}

const ENGLISH: Words = Words {
    statuses: ["Draft", "Sent", "Opened", "Partly signed", "Completed", "Declined", "Expired", "Cancelled"],
    signers: ["Not invited yet", "Invited", "Opened", "Signed", "Declined"],
    effects: [
        "Sealed PDF",
        "Invitation",
        "Reminder",
        "Code by e-mail",
        "Code by SMS",
        "Code by WhatsApp",
        "Notice that a link is withdrawn",
        "Notice of completion",
        "Notice of refusal",
        "Notice of cancellation",
        "Notice of expiry",
        "Handing over to the provider",
        "Correction at the provider",
        "Reminder by the provider",
        "Cancellation at the provider",
        "Question to the provider",
        "Signed PDF from the provider",
    ],
    methods: [
        "Access code",
        "One-time code by e-mail",
        "One-time code by SMS",
        "One-time code by WhatsApp",
        "Statement of who they are",
        "In person, with a statement of who they are",
        "Document with photo",
        "Selfie with document",
        "Video selfie",
        "Payment by PIX",
        "Facial similarity",
        "Attachments handed in",
    ],
    changes: ["access code", "date of birth", "e-mail address", "name", "CPF or CNPJ", "telephone", "what is asked"],
    handed_link: "Link handed over by the sender",
    facts: Facts {
        created: "Request created",
        revised: "Draft changed",
        sent: "Request sent",
        invited: "Invited",
        resent: "Invited again",
        viewed: "Document opened",
        challenged: "Code or payment asked for",
        authenticated: "Identity proven",
        signed: "Signed",
        refused: "Refused to sign",
        reminded: "Reminder due",
        replaced: "Signer replaced",
        corrected: "Signer corrected",
        added: "Signer added",
        removed: "Signer removed",
        completed: "Request completed: all have acted",
        declined: "Request ended by the refusal",
        expiring: "Request about to expire",
        expired: "Request expired",
        cancelled: "Request cancelled",
        deleted: "Request deleted",
        held: "Request held: it is kept",
        released: "Request released: it need not be kept",
        purged: "Personal data and documents purged",
        sealed: "Sealed PDF made",
        seal_failed: "Sealed PDF could not be made yet",
        delivered: "Message handed over",
        undelivered: "Message given up",
        submitted: "Taken over by the provider",
        provider_failed: "Refused by the provider",
        silent: "Provider silent: asked how things stand",
        reported: "Reported by the provider",
    },
    until: "Until",
    key: "API key",
    system: "The system",
    reason: "Reason",
    link: "Link no.",
    order: "turn",
    due: "Still to act",
};

const SPANISH: Words = Words {
    statuses: ["Borrador", "Enviada", "Abierta", "Firmada en parte", "Concluida", "Rechazada", "Vencida", "Cancelada"],
    signers: ["Sin invitar aún", "Invitado", "Abierto", "Firmado", "Rechazado"],
    effects: [
        "PDF sellado",
        "Invitación",
        "Recordatorio",
        "Código por correo",
        "Código por SMS",
        "Código por WhatsApp",
        "Aviso de enlace retirado",
        "Aviso de conclusión",
        "Aviso de rechazo",
        "Aviso de cancelación",
        "Aviso de vencimiento",
        "Entrega al proveedor",
        "Corrección en el proveedor",
        "Recordatorio del proveedor",
        "Cancelación en el proveedor",
        "Consulta al proveedor",
        "PDF firmado del proveedor",
    ],
    methods: [
        "Código de acceso",
        "Código de un solo uso por correo",
        "Código de un solo uso por SMS",
        "Código de un solo uso por WhatsApp",
        "Declaración de quién es",
        "Presencial, con declaración de quién es",
        "Documento con foto",
        "Selfie con el documento",
        "Videoselfie",
        "Pago por PIX",
        "Similitud facial",
        "Adjuntos entregados",
    ],
    changes: [
        "código de acceso",
        "fecha de nacimiento",
        "correo",
        "nombre",
        "CPF o CNPJ",
        "teléfono",
        "lo que se pide",
    ],
    handed_link: "Enlace entregado por el remitente",
    facts: Facts {
        created: "Solicitud creada",
        revised: "Borrador modificado",
        sent: "Solicitud enviada",
        invited: "Invitado",
        resent: "Invitado de nuevo",
        viewed: "Documento abierto",
        challenged: "Código o pago solicitado",
        authenticated: "Identidad comprobada",
        signed: "Firmado",
        refused: "Rechazó firmar",
        reminded: "Recordatorio previsto",
        replaced: "Firmante sustituido",
        corrected: "Datos del firmante corregidos",
        added: "Firmante añadido",
        removed: "Firmante retirado",
        completed: "Solicitud concluida: todos han actuado",
        declined: "Solicitud terminada por el rechazo",
        expiring: "Solicitud próxima a vencer",
        expired: "Solicitud vencida",
        cancelled: "Solicitud cancelada",
        deleted: "Solicitud eliminada",
        held: "Solicitud retenida: se conserva",
        released: "Solicitud liberada: ya no debe conservarse",
        purged: "Datos personales y documentos purgados",
        sealed: "PDF sellado creado",
        seal_failed: "Aún no se pudo crear el PDF sellado",
        delivered: "Mensaje entregado",
        undelivered: "Mensaje no entregado",
        submitted: "Asumida por el proveedor",
        provider_failed: "Rechazada por el proveedor",
        silent: "Proveedor en silencio: consultado sobre el estado",
        reported: "Comunicado por el proveedor",
    },
    until: "Hasta",
    key: "Clave de API",
    system: "El sistema",
    reason: "Motivo",
    link: "Enlace n.º",
    order: "turno",
    due: "Faltan",
};

const PORTUGUESE: Words = Words {
    statuses: ["Rascunho", "Enviada", "Aberta", "Assinada em parte", "Concluída", "Recusada", "Expirada", "Cancelada"],
    signers: ["Ainda não convidado", "Convidado", "Aberto", "Assinado", "Recusado"],
    effects: [
        "PDF selado",
        "Convite",
        "Lembrete",
        "Código por e-mail",
        "Código por SMS",
        "Código por WhatsApp",
        "Aviso de link retirado",
        "Aviso de conclusão",
        "Aviso de recusa",
        "Aviso de cancelamento",
        "Aviso de expiração",
        "Entrega ao provedor",
        "Correção no provedor",
        "Lembrete do provedor",
        "Cancelamento no provedor",
        "Consulta ao provedor",
        "PDF assinado do provedor",
    ],
    methods: [
        "Código de acesso",
        "Código de uso único por e-mail",
        "Código de uso único por SMS",
        "Código de uso único por WhatsApp",
        "Declaração de quem é",
        "Presencial, com declaração de quem é",
        "Documento com foto",
        "Selfie com o documento",
        "Vídeo selfie",
        "Pagamento por PIX",
        "Similaridade facial",
        "Anexos entregues",
    ],
    changes: ["código de acesso", "data de nascimento", "e-mail", "nome", "CPF ou CNPJ", "telefone", "o que se pede"],
    handed_link: "Link entregue pelo remetente",
    facts: Facts {
        created: "Solicitação criada",
        revised: "Rascunho alterado",
        sent: "Solicitação enviada",
        invited: "Convidado",
        resent: "Convidado de novo",
        viewed: "Documento aberto",
        challenged: "Código ou pagamento pedido",
        authenticated: "Identidade comprovada",
        signed: "Assinado",
        refused: "Recusou assinar",
        reminded: "Lembrete previsto",
        replaced: "Signatário substituído",
        corrected: "Dados do signatário corrigidos",
        added: "Signatário incluído",
        removed: "Signatário retirado",
        completed: "Solicitação concluída: todos agiram",
        declined: "Solicitação encerrada pela recusa",
        expiring: "Solicitação prestes a expirar",
        expired: "Solicitação expirada",
        cancelled: "Solicitação cancelada",
        deleted: "Solicitação excluída",
        held: "Solicitação retida: é guardada",
        released: "Solicitação liberada: não precisa mais ser guardada",
        purged: "Dados pessoais e documentos expurgados",
        sealed: "PDF selado criado",
        seal_failed: "O PDF selado ainda não pôde ser criado",
        delivered: "Mensagem entregue",
        undelivered: "Mensagem não entregue",
        submitted: "Assumida pelo provedor",
        provider_failed: "Recusada pelo provedor",
        silent: "Provedor em silêncio: consultado sobre o estado",
        reported: "Informado pelo provedor",
    },
    until: "Até",
    key: "Chave de API",
    system: "O sistema",
    reason: "Motivo",
    link: "Link n.º",
    order: "vez",
    due: "Faltam",
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

    /// A request's status.
    pub(super) fn status(&self, status: Status) -> &'static str {
        self.statuses[status as usize]
    }

    /// A signer's status.
    pub(super) fn signer(&self, status: SignerStatus) -> &'static str {
        self.signers[status as usize]
    }

    /// What was to be done outside.
    pub(super) fn effect(&self, kind: EffectKind) -> &'static str {
        self.effects[kind as usize]
    }

    /// How something was proved.
    pub(super) fn method(&self, method: Method) -> &'static str {
        self.methods[method as usize]
    }

    /// How a signer was known to be themselves, beside a link in a letter.
    pub(super) fn authentication(&self, stored: &str) -> String {
        let named = |part: &str| match Method::ALL.into_iter().find(|method| method.as_str() == part) {
            Some(method) => self.method(method).to_owned(),
            None if part == "link" => self.handed_link.to_owned(),
            None => part.to_owned(),
        };
        stored.split('+').filter(|part| *part != "email_link").map(named).collect::<Vec<_>>().join(" · ")
    }

    /// Who a signer said they are.
    pub(super) fn statement(&self, told: &Person) -> Vec<String> {
        let Person { birthday, name, national_id, .. } = told;
        let labelled = |detail: Detail, value: String| format!("{}: {value}", self.changes[detail as usize]);
        let numbered = |id: &NationalId| format!("{}: {}", id.kind().as_str(), id.punctuated());
        let born = birthday.map(|day| labelled(Detail::Birthday, day.to_string()));
        let name = labelled(Detail::Name, name.clone());
        [Some(name), national_id.as_ref().map(numbered), born].into_iter().flatten().collect()
    }

    /// What was put right, if the event says so.
    pub(super) fn changed(&self, details: &[Detail]) -> Option<String> {
        let named: Vec<&str> = details.iter().map(|detail| self.changes[*detail as usize]).collect();
        (!named.is_empty()).then(|| named.join(", "))
    }

    /// Until when.
    pub(super) fn until(&self, time: Timestamp) -> String {
        format!("{} {}", self.until, readable(time))
    }

    /// What happened.
    pub(super) fn what(&self, fact: &Fact) -> &'static str {
        let facts = &self.facts;
        match fact {
            Fact::Created(_) => facts.created,
            Fact::Revised(_) => facts.revised,
            Fact::Sent { .. } => facts.sent,
            Fact::Invited { resent: false, .. } => facts.invited,
            Fact::Invited { resent: true, .. } => facts.resent,
            Fact::Viewed { .. } => facts.viewed,
            Fact::Challenged { .. } => facts.challenged,
            Fact::Authenticated { .. } => facts.authenticated,
            Fact::Signed { .. } => facts.signed,
            Fact::SignerDeclined { .. } => facts.refused,
            Fact::Reminded { .. } => facts.reminded,
            Fact::Replaced { .. } => facts.replaced,
            Fact::Corrected { .. } => facts.corrected,
            Fact::Added { .. } => facts.added,
            Fact::Removed { .. } => facts.removed,
            Fact::Completed {} => facts.completed,
            Fact::RequestDeclined { .. } => facts.declined,
            Fact::Expiring { .. } => facts.expiring,
            Fact::Expired {} => facts.expired,
            Fact::Cancelled { .. } => facts.cancelled,
            Fact::Deleted {} => facts.deleted,
            Fact::Held {} => facts.held,
            Fact::Released {} => facts.released,
            Fact::Purged { .. } => facts.purged,
            Fact::Sealed { .. } => facts.sealed,
            Fact::SealFailed { .. } => facts.seal_failed,
            Fact::DeliverySent { .. } => facts.delivered,
            Fact::DeliveryFailed { .. } => facts.undelivered,
            Fact::ProviderSubmitted { .. } => facts.submitted,
            Fact::ProviderFailed { .. } => facts.provider_failed,
            Fact::ProviderSilent { .. } => facts.silent,
            Fact::ProviderReported { .. } => facts.reported,
        }
    }
}
