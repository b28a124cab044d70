const requestId = '550e8400-e29b-41d4-a716-446655440000';
const response = await fetch(`https://e-signature.stg.catalisa.app/api/v1/esignature/requests/${requestId}/download`, {
headers: {
'Authorization': `Bearer ${token}`,
},
});
const { downloadUrl, expiresAt } = await response.json();
console.log(`URL de download: ${downloadUrl}`);
console.log(`Expira em: ${expiresAt}`);
// Baixar o arquivo
const fileResponse = await fetch(downloadUrl);
const fileBuffer = await fileResponse.arrayBuffer();
await fs.promises.writeFile('./contrato-assinado.pdf', Buffer.from(fileBuffer));
console.log('Documento salvo!');
