const response = await fetch('https://e-signature.stg.catalisa.app/api/v1/esignature/requests/from-template', {
method: 'POST',
headers: {
'Authorization': `Bearer ${token}`,
'Content-Type': 'application/json',
},
body: JSON.stringify({
data: {
type: 'signature-request',
attributes: {
templateId: 'tpl_abc123',
title: 'Contrato de Trabalho - João Silva',
message: 'Segue o contrato para assinatura.',
businessId: 'employee-2024-001',
expiresInDays: 5,
signers: [
{ name: 'João Silva', email: 'joao@empresa.com', order: 1 },
{ name: 'RH Empresa', email: 'rh@empresa.com', order: 2 },
],
fieldValues: {
nome_funcionario: 'João Silva',
cpf: '123.456.789-00',
cargo: 'Desenvolvedor Senior',
salario: 'R$ 15.000,00',
data_inicio: '01/02/2024',
},
},
},
}),
});
const { data } = await response.json();
console.log(`Requisição criada do template: ${data.id}`);
console.log(`Template usado: ${data.attributes.templateName}`);
