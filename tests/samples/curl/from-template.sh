curl -X POST 'https://e-signature.stg.catalisa.app/api/v1/esignature/requests/from-template' \
-H 'Authorization: Bearer SEU_TOKEN' \
-H 'Content-Type: application/json' \
-d '{
"data": {
"type": "signature-request",
"attributes": {
"templateId": "tpl_abc123",
"title": "Contrato de Trabalho - João Silva",
"message": "Segue o contrato para assinatura.",
"businessId": "employee-2024-001",
"expiresInDays": 5,
"signers": [
{ "name": "João Silva", "email": "joao@empresa.com", "order": 1 },
{ "name": "RH Empresa", "email": "rh@empresa.com", "order": 2 }
],
"fieldValues": {
"nome_funcionario": "João Silva",
"cpf": "123.456.789-00",
"cargo": "Desenvolvedor Senior",
"salario": "R$ 15.000,00",
"data_inicio": "01/02/2024"
}
}
}
}'
