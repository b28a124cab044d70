// Listar todas as requisições pendentes
const params = new URLSearchParams({
'filter[status]': 'SENT',
'page[size]': '10',
});
const response = await fetch(`https://e-signature.stg.catalisa.app/api/v1/esignature/requests?${params}`, {
headers: {
'Authorization': `Bearer ${token}`,
},
});
const { data, meta, links } = await response.json();
console.log(`Total: ${meta.totalItems} requisições`);
console.log(`Página ${meta.currentPage} de ${meta.totalPages}`);
data.forEach(request => {
console.log(`${request.attributes.title}: ${request.attributes.status}`);
});
// Navegar para próxima página
if (links.next) {
const nextPage = await fetch(links.next, { headers: { 'Authorization': `Bearer ${token}` }});
// ...
}
