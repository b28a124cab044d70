async function sendContractForSignature(contractData) {
// 1. Criar requisição
const createResponse = await fetch('https://e-signature.stg.catalisa.app/api/v1/esignature/requests', {
method: 'POST',
headers: {
'Authorization': `Bearer ${token}`,
'Content-Type': 'application/json',
},
body: JSON.stringify({
data: {
type: 'signature-request',
attributes: {
title: `Contrato - ${contractData.clientName}`,
businessId: contractData.contractId,
expiresInDays: 7,
fileBase64: contractData.pdfBase64,
fileName: `contrato-${contractData.contractId}.pdf`,
signers: contractData.signers,
},
},
}),
});
const { data: request } = await createResponse.json();
console.log(`Requisição criada: ${request.id}`);
return request;
}
async function checkSignatureStatus(requestId) {
const response = await fetch(`https://e-signature.stg.catalisa.app/api/v1/esignature/requests/${requestId}`, {
headers: { 'Authorization': `Bearer ${token}` },
});
const { data } = await response.json();
return data.attributes.status;
}
async function downloadSignedContract(requestId) {
const response = await fetch(`https://e-signature.stg.catalisa.app/api/v1/esignature/requests/${requestId}/download`, {
headers: { 'Authorization': `Bearer ${token}` },
});
const { downloadUrl } = await response.json();
const fileResponse = await fetch(downloadUrl);
return await fileResponse.arrayBuffer();
}
// Uso
const request = await sendContractForSignature({
clientName: 'Empresa ABC',
contractId: 'CTR-2024-001',
pdfBase64: '...',
signers: [
{ name: 'João Silva', email: 'joao@empresa.com', order: 1 },
{ name: 'Cliente ABC', email: 'contato@abc.com', order: 2 },
],
});
// Aguardar conclusão (ou usar webhooks)
const status = await checkSignatureStatus(request.id);
if (status === 'COMPLETED') {
const signedPdf = await downloadSignedContract(request.id);
// Salvar documento assinado
}
