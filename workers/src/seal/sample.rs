//! A one-page service agreement to try things with: `countersign demo` and tests.
//!
//! The places of its signature lines are named here, so that a demo can put fields on them.

use lopdf::{Document, Object, ObjectId, dictionary, text_string};

use super::SealError;
use super::canvas::{Canvas, GREY, INK, style};
use super::fonts::{Face, Fonts};

const WIDTH: f64 = 595.28;
const HEIGHT: f64 = 841.89;
const MARGIN: f64 = 72.0;
const INNER: f64 = WIDTH - 2.0 * MARGIN;

/// A box on the sample's page: left, top, width and height in points from the top left.
pub type Place = [f64; 4];

/// Where the provider signs.
pub const SAMPLE_PROVIDER: Place = [MARGIN, 640.0, 205.0, 56.0];
/// Where the client signs.
pub const SAMPLE_CLIENT: Place = [WIDTH - MARGIN - 205.0, 640.0, 205.0, 56.0];
/// Where the date goes.
pub const SAMPLE_DATE: Place = [MARGIN + 34.0, 586.0, 120.0, 18.0];

const CLAUSES: [(&str, &str); 4] = [
    (
        "1. Objeto",
        "A Prestadora executará, para a Cliente, os serviços de consultoria em integração de sistemas descritos \
         na proposta comercial nº 2026-041, que integra este contrato como anexo.",
    ),
    (
        "2. Prazo",
        "Os serviços terão início na data da última assinatura e duração de seis meses, prorrogáveis por acordo \
         escrito entre as partes.",
    ),
    (
        "3. Remuneração",
        "Pela execução dos serviços, a Cliente pagará R$ 18.500,00 por mês, até o quinto dia útil do mês \
         seguinte, mediante apresentação de nota fiscal.",
    ),
    (
        "4. Confidencialidade",
        "Cada parte manterá em sigilo as informações recebidas da outra, durante a vigência deste contrato e por \
         dois anos após o seu término, salvo exigência legal.",
    ),
];

/// The agreement, as a PDF.
pub fn sample() -> Result<Vec<u8>, SealError> {
    let mut fonts = Fonts::new()?;
    let canvas = draw(&mut fonts);
    let mut document = Document::with_version("1.7");
    let resources = document.new_object_id();
    let page = canvas.into_page(resources, |object| document.add_object(object))?;
    let faces = fonts.embed(|object| document.add_object(object))?;
    document.objects.insert(resources, dictionary! { "Font" => faces }.into());
    let tree = document.new_object_id();
    let page = with_parent(&mut document, page, tree);
    let kids = dictionary! { "Type" => "Pages", "Kids" => vec![Object::Reference(page)], "Count" => 1 };
    document.objects.insert(tree, kids.into());
    let catalog = document.add_object(dictionary! {
        "Type" => "Catalog", "Pages" => tree, "Lang" => text_string("pt-BR"),
    });
    let information = document.add_object(dictionary! {
        "Title" => text_string("Contrato de prestação de serviços"),
        "Producer" => text_string("Countersign"),
    });
    document.trailer.set("Root", catalog);
    document.trailer.set("Info", information);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes)?;
    Ok(bytes)
}

fn with_parent(document: &mut Document, mut page: lopdf::Dictionary, tree: ObjectId) -> ObjectId {
    page.set("Parent", tree);
    document.add_object(page)
}

fn draw(fonts: &mut Fonts) -> Canvas {
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    let body = style(Face::Text, 10.5, INK);
    let label = style(Face::Text, 8.5, GREY);
    canvas.text(fonts, style(Face::Strong, 8.5, GREY), MARGIN, 84.0, "Aurora Sistemas");
    canvas.text_right(fonts, label, WIDTH - MARGIN, 84.0, "Contrato nº 2026-041");
    canvas.rule(MARGIN, 94.0, INNER);
    canvas.text(fonts, style(Face::Strong, 21.0, INK), MARGIN, 136.0, "Contrato de prestação");
    canvas.text(fonts, style(Face::Strong, 21.0, INK), MARGIN, 162.0, "de serviços");
    let mut at = canvas.paragraph(
        fonts,
        body,
        [MARGIN, 196.0, INNER, 16.5],
        "Entre Aurora Sistemas Ltda., com sede em Florianópolis (SC), doravante Prestadora, e Livraria Horizonte \
         S.A., com sede em São Paulo (SP), doravante Cliente, fica ajustado o seguinte:",
    );
    for (title, text) in CLAUSES {
        at += 12.0;
        canvas.text(fonts, style(Face::Strong, 10.5, INK), MARGIN, at, title);
        at = canvas.paragraph(fonts, body, [MARGIN, at + 17.0, INNER, 16.5], text);
    }
    let closing = "E, por estarem de acordo, as partes assinam eletronicamente este contrato.";
    canvas.paragraph(fonts, body, [MARGIN, at + 14.0, INNER, 16.5], closing);
    let [x, y, width, height] = SAMPLE_DATE;
    canvas.text(fonts, label, MARGIN, y + height - 5.0, "Data");
    canvas.rule(x, y + height, width);
    let parties = [
        (SAMPLE_PROVIDER, "Prestadora", "Aurora Sistemas Ltda."),
        (SAMPLE_CLIENT, "Cliente", "Livraria Horizonte S.A."),
    ];
    for ([x, y, width, height], role, name) in parties {
        let under = y + height + 4.0;
        canvas.line((x, under), (x + width, under), 0.7, INK);
        canvas.text(fonts, label, x, under + 14.0, role);
        canvas.text(fonts, style(Face::Strong, 9.5, INK), x, under + 28.0, name);
    }
    canvas.rule(MARGIN, HEIGHT - 64.0, INNER);
    canvas.text(fonts, style(Face::Text, 7.5, GREY), MARGIN, HEIGHT - 50.0, "Documento de demonstração");
    canvas.text_right(fonts, style(Face::Text, 7.5, GREY), WIDTH - MARGIN, HEIGHT - 50.0, "Página 1 de 1");
    canvas
}
