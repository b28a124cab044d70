// Usando referência ao File Storage
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
businessId: 'contract-2024-001',
fileId: '550e8400-e29b-41d4-a716-446655440010', // ID do File Storage
signers: [
{ name: 'João Silva', email: 'joao@empresa.com' },
],
},
},
}),
});
const { data } = await response.json();
console.log(`Requisição criada: ${data.id}`);
