curl -X POST 'https://e-signature.stg.catalisa.app/api/v1/esignature/requests' \
-H 'Authorization: Bearer SEU_TOKEN' \
-H 'Content-Type: application/json' \
-d '{
"data": {
"type": "signature-request",
"attributes": {
"title": "Contrato de Prestação de Serviços",
"message": "Por favor, assine o contrato anexo.",
"businessId": "contract-2024-001",
"expiresInDays": 7,
"fileBase64": "JVBERi0xLjQK...",
"fileName": "contrato.pdf",
"signers": [
{ "name": "João Silva", "email": "joao@empresa.com", "order": 1 },
{ "name": "Maria Santos", "email": "maria@cliente.com", "order": 2 }
],
"widgets": [
{ "type": "signature", "page": 1, "x": 100, "y": 200, "width": 200, "height": 50 },
{ "type": "signature", "page": 1, "x": 400, "y": 200, "width": 200, "height": 50 },
{ "type": "date", "page": 1, "x": 100, "y": 150, "label": "Data" }
]
}
}
}'
