# Listar todas
curl -X GET 'https://e-signature.stg.catalisa.app/api/v1/esignature/requests' \
-H 'Authorization: Bearer SEU_TOKEN'
# Com filtros
curl -X GET 'https://e-signature.stg.catalisa.app/api/v1/esignature/requests?filter[status]=SENT&page[size]=10' \
-H 'Authorization: Bearer SEU_TOKEN'
# Filtrar por businessId
curl -X GET 'https://e-signature.stg.catalisa.app/api/v1/esignature/requests?filter[businessId]=contract-2024-001' \
-H 'Authorization: Bearer SEU_TOKEN'
