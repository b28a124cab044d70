const requestId = '550e8400-e29b-41d4-a716-446655440000';
const response = await fetch(`https://e-signature.stg.catalisa.app/api/v1/esignature/requests/${requestId}`, {
method: 'DELETE',
headers: {
'Authorization': `Bearer ${token}`,
},
});
if (response.status === 204) {
console.log('Requisição excluída com sucesso');
}
