const requestId = '550e8400-e29b-41d4-a716-446655440000';
const response = await fetch(`https://e-signature.stg.catalisa.app/api/v1/esignature/requests/${requestId}`, {
headers: {
'Authorization': `Bearer ${token}`,
},
});
const { data } = await response.json();
console.log(`Título: ${data.attributes.title}`);
console.log(`Status: ${data.attributes.status}`);
console.log(`Expira em: ${data.attributes.expiresAt}`);
// Verificar status dos signatários
data.relationships.signers.data.forEach(signer => {
const { name, email, status, signedAt } = signer.attributes;
console.log(`${name} (${email}): ${status}`);
if (signedAt) {
console.log(` Assinado em: ${signedAt}`);
}
});
