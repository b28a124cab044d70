const requestId = '550e8400-e29b-41d4-a716-446655440000';
const response = await fetch(`https://e-signature.stg.catalisa.app/api/v1/esignature/requests/${requestId}/cancel`, {
method: 'POST',
headers: {
'Authorization': `Bearer ${token}`,
},
});
const { data } = await response.json();
console.log(`Status: ${data.attributes.status}`); // CANCELLED
