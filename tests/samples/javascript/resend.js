const requestId = '550e8400-e29b-41d4-a716-446655440000';
// Reenviar para todos
const response = await fetch(`https://e-signature.stg.catalisa.app/api/v1/esignature/requests/${requestId}/resend`, {
method: 'POST',
headers: {
'Authorization': `Bearer ${token}`,
'Content-Type': 'application/json',
},
body: JSON.stringify({}),
});
const result = await response.json();
console.log(result.message); // "Signature request resent successfully"
// Reenviar para um signatário específico
const responseSpecific = await fetch(`https://e-signature.stg.catalisa.app/api/v1/esignature/requests/${requestId}/resend`, {
method: 'POST',
headers: {
'Authorization': `Bearer ${token}`,
'Content-Type': 'application/json',
},
body: JSON.stringify({
data: {
attributes: {
signerEmail: 'maria@cliente.com',
},
},
}),
});
