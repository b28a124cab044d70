curl -X GET 'https://e-signature.stg.catalisa.app/api/v1/esignature/requests/550e8400-e29b-41d4-a716-446655440000' \
-H 'Authorization: Bearer SEU_TOKEN'
