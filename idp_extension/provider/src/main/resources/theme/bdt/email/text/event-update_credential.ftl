<#ftl output_format="plainText">
${msg("helloAccount")}

${msg("passwordChangedWhat")}

${msg("passwordChangedSessions")}

${msg("passwordChangedStray")}

-- 
${msg("signature")}
${msg("automatic")}
