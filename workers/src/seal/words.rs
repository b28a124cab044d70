//! The words of the certificate page, in each language it is written in.

use crate::language::Language;

/// Every phrase the certificate page uses.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) test: &'static str,
    pub(super) test_detail: &'static str,
    pub(super) request: &'static str,
    pub(super) document: &'static str,
    pub(super) documents: &'static str,
    pub(super) this_file: &'static str,
    pub(super) file: &'static str,
    pub(super) digest: &'static str,
    pub(super) size: &'static str,
    pub(super) bytes: &'static str,
    pub(super) pages: &'static str,
    pub(super) completed: &'static str,
    pub(super) signers: &'static str,
    pub(super) email: &'static str,
    pub(super) role: &'static str,
    pub(super) signed_at: &'static str,
    pub(super) address: &'static str,
    pub(super) browser: &'static str,
    pub(super) method: &'static str,
    pub(super) proofs: &'static str,
    pub(super) signatures: &'static str,
    pub(super) history: &'static str,
    pub(super) events: &'static str,
    pub(super) chain_head: &'static str,
    pub(super) verification: &'static str,
    pub(super) verify: &'static str,
    pub(super) verify_several: &'static str,
    pub(super) page: &'static str,
    pub(super) of: &'static str,
    pub(super) sealed_by: &'static str,
    pub(super) reason: &'static str,
}

const ENGLISH: Words = Words {
    title: "Signature certificate",
    test: "TEST — without legal effect",
    test_detail: "Made with a test key, to try things out. Nobody was written to; nobody is bound by it.",
    request: "Request",
    document: "Document",
    documents: "Documents of this request",
    this_file: "This file",
    file: "Name",
    digest: "SHA-256",
    size: "Size",
    bytes: "bytes",
    pages: "Pages",
    completed: "Completed",
    signers: "Signers",
    email: "E-mail",
    role: "Role",
    signed_at: "Signed",
    address: "IP address",
    browser: "Browser",
    method: "Method",
    proofs: "Proved",
    signatures: "Signature",
    history: "History",
    events: "Events",
    chain_head: "Chain head",
    verification: "Verification",
    verify: "This file is sealed: any later change to it is detectable. Run “countersign verify FILE”, or open \
             the signature panel of a PDF reader. The digest above is that of the document as it was uploaded; \
             its bytes are the unchanged beginning of this file.",
    verify_several: "This file is sealed: any later change to it is detectable. Run “countersign verify FILE”, or \
                     open the signature panel of a PDF reader. The digests above are those of the documents as they \
                     were uploaded; the bytes of this one are the unchanged beginning of this file. Each of the \
                     others has a sealed file of its own.",
    page: "Page",
    of: "of",
    sealed_by: "Sealed by",
    reason: "Seal of a completed signature request",
};

const SPANISH: Words = Words {
    title: "Certificado de firmas",
    test: "PRUEBA — sin efecto legal",
    test_detail: "Hecho con una clave de prueba. No se escribió a nadie; no obliga a nadie.",
    request: "Solicitud",
    document: "Documento",
    documents: "Documentos de esta solicitud",
    this_file: "Este archivo",
    file: "Nombre",
    digest: "SHA-256",
    size: "Tamaño",
    bytes: "bytes",
    pages: "Páginas",
    completed: "Concluido",
    signers: "Firmantes",
    email: "Correo",
    role: "Función",
    signed_at: "Firmado",
    address: "Dirección IP",
    browser: "Navegador",
    method: "Método",
    proofs: "Comprobado",
    signatures: "Firma",
    history: "Historial",
    events: "Eventos",
    chain_head: "Fin de la cadena",
    verification: "Verificación",
    verify: "Este archivo está sellado: cualquier cambio posterior es detectable. Ejecute «countersign verify \
             ARCHIVO» o abra el panel de firmas de un lector de PDF. La huella indicada es la del documento tal \
             como se cargó; sus bytes son el comienzo inalterado de este archivo.",
    verify_several: "Este archivo está sellado: cualquier cambio posterior es detectable. Ejecute «countersign \
                     verify ARCHIVO» o abra el panel de firmas de un lector de PDF. Las huellas indicadas son las de \
                     los documentos tal como se cargaron; los bytes de este son el comienzo inalterado de este \
                     archivo. Cada uno de los demás tiene su propio archivo sellado.",
    page: "Página",
    of: "de",
    sealed_by: "Sellado por",
    reason: "Sello de una solicitud de firma concluida",
};

const PORTUGUESE: Words = Words {
    title: "Certificado de assinaturas",
    test: "TESTE — sem efeito legal",
    test_detail: "Feito com uma chave de teste. Ninguém recebeu mensagens; ninguém fica obrigado.",
    request: "Solicitação",
    document: "Documento",
    documents: "Documentos desta solicitação",
    this_file: "Este arquivo",
    file: "Nome",
    digest: "SHA-256",
    size: "Tamanho",
    bytes: "bytes",
    pages: "Páginas",
    completed: "Concluído",
    signers: "Signatários",
    email: "E-mail",
    role: "Papel",
    signed_at: "Assinado",
    address: "Endereço IP",
    browser: "Navegador",
    method: "Método",
    proofs: "Comprovado",
    signatures: "Assinatura",
    history: "Histórico",
    events: "Eventos",
    chain_head: "Fim da cadeia",
    verification: "Verificação",
    verify: "Este arquivo está selado: qualquer mudança posterior é detectável. Execute “countersign verify \
             ARQUIVO” ou abra o painel de assinaturas de um leitor de PDF. O resumo acima é o do documento tal \
             como foi enviado; seus bytes são o começo inalterado deste arquivo.",
    verify_several: "Este arquivo está selado: qualquer mudança posterior é detectável. Execute “countersign verify \
                     ARQUIVO” ou abra o painel de assinaturas de um leitor de PDF. Os resumos acima são os dos \
                     documentos tal como foram enviados; os bytes deste são o começo inalterado deste arquivo. \
                     Cada um dos demais tem o seu próprio arquivo selado.",
    page: "Página",
    of: "de",
    sealed_by: "Selado por",
    reason: "Selo de uma solicitação de assinatura concluída",
};

impl Language {
    /// The words of this language.
    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Spanish => &SPANISH,
            Self::Portuguese => &PORTUGUESE,
        }
    }
}
