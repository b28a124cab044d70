// Converter arquivo para base64
const fileBuffer = await fs.promises.readFile('./contrato.pdf');
const fileBase64 = fileBuffer.toString('base64');
const response = await fetch('https://e-signature.stg.catalisa.app/api/v1/esignature/requests', {
method: 'POST',
headers: {
'Authorization': `Bearer ${token}`,
'Content-Type': 'application/json',
},
body: JSON.stringify({
data: {
type: 'signature-request',
attributes: {
title: 'Contrato de Prestação de Serviços',
message: 'Por favor, assine o contrato anexo.',
businessId: 'contract-2024-001',
expiresInDays: 7,
fileBase64,
fileName: 'contrato.pdf',
signers: [
{ name: 'João Silva', email: 'joao@empresa.com', order: 1 },
{ name: 'Maria Santos', email: 'maria@cliente.com', order: 2 },
],
widgets: [
{ type: 'signature', page: 1, x: 100, y: 200, width: 200, height: 50 },
{ type: 'signature', page: 1, x: 400, y: 200, width: 200, height: 50 },
{ type: 'date', page: 1, x: 100, y: 150, label: 'Data' },
],
},
},
}),
});
const { data } = await response.json();
console.log(`Requisição criada: ${data.id}`);
console.log(`Status: ${data.attributes.status}`);
console.log(`URL de visualização: ${data.attributes.viewUrl}`);
// Listar signatários
data.relationships.signers.data.forEach(signer => {
console.log(`${signer.attributes.name}: ${signer.attributes.signingUrl}`);
});
