package fr.banquedesterritoires.habilitations;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;

import org.jboss.logging.Logger;
import org.keycloak.common.Version;
import org.keycloak.models.ClientSessionContext;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.ProtocolMapperModel;
import org.keycloak.models.UserSessionModel;
import org.keycloak.protocol.oidc.mappers.AbstractOIDCProtocolMapper;
import org.keycloak.protocol.oidc.mappers.OIDCAccessTokenMapper;
import org.keycloak.protocol.oidc.mappers.OIDCIDTokenMapper;
import org.keycloak.protocol.oidc.mappers.TokenIntrospectionTokenMapper;
import org.keycloak.protocol.oidc.mappers.UserInfoTokenMapper;
import org.keycloak.provider.ProviderConfigProperty;
import org.keycloak.provider.ServerInfoAwareProviderFactory;
import org.keycloak.representations.AccessToken;
import org.keycloak.representations.IDToken;

/**
 * Puts into each token the active structure, and the roles of the client held for that structure alone.
 *
 * <p>Keycloak merges the roles of all groups: a person who may manage in one commune and consult in another would get
 * both everywhere. This mapper runs last and <em>replaces</em> {@code resource_access} (and drops
 * {@code realm_access}), so that stock adapters need no change. It fails closed: whatever is unknown, foreign,
 * or broken gives no role at all. Which structure a token is for, it carries itself ({@link StructureOfToken}): what
 * other tabs of the same browser asked for meanwhile says nothing about it.
 *
 * <p>It has no settings on purpose. Stock mappers can be switched off for one kind of token, and a mapper that does
 * not run lets the merged roles through.
 */
public final class StructureMapper extends AbstractOIDCProtocolMapper
        implements OIDCAccessTokenMapper,
                OIDCIDTokenMapper,
                UserInfoTokenMapper,
                TokenIntrospectionTokenMapper,
                ServerInfoAwareProviderFactory {

    public static final String PROVIDER_ID = "bdt-structure-mapper";

    private static final Logger LOG = Logger.getLogger(StructureMapper.class);

    /** After every stock mapper (0 to 50), so that nothing adds a role behind us. */
    private static final int LAST = 1000;

    @Override
    public AccessToken transformAccessToken(AccessToken token, ProtocolMapperModel model, KeycloakSession session,
            UserSessionModel userSession, ClientSessionContext context) {
        return restrict(token, () -> StructureOfToken.underWay(session), userSession, context);
    }

    @Override
    public AccessToken transformUserInfoToken(AccessToken token, ProtocolMapperModel model, KeycloakSession session,
            UserSessionModel userSession, ClientSessionContext context) {
        return restrict(token, () -> StructureOfToken.shownToUserInfo(session), userSession, context);
    }

    @Override
    public AccessToken transformIntrospectionToken(AccessToken token, ProtocolMapperModel model,
            KeycloakSession session, UserSessionModel userSession, ClientSessionContext context) {
        return restrict(token, () -> StructureOfToken.shownToIntrospection(session), userSession, context);
    }

    @Override
    public IDToken transformIDToken(IDToken token, ProtocolMapperModel model, KeycloakSession session,
            UserSessionModel userSession, ClientSessionContext context) {
        return restrict(token, () -> StructureOfToken.underWay(session), userSession, context);
    }

    /** Takes every role out of the token first, then adds what its structure gives now, if it gives anything. */
    private static <T extends IDToken> T restrict(T token, Supplier<String> asked, UserSessionModel userSession,
            ClientSessionContext context) {
        Map<String, Object> claims = token.getOtherClaims();
        claims.keySet().removeAll(List.of("realm_access", "resource_access", StructureOfToken.CLAIM));
        if (token instanceof AccessToken access) {
            access.setRealmAccess(null);
            access.setResourceAccess(Map.of());
        }
        activeStructure(asked, userSession, context).ifPresent(structure -> {
            String client = context.getClientSession().getClient().getClientId();
            claims.put(StructureOfToken.CLAIM, structure.asClaim());
            if (token instanceof AccessToken access) {
                AccessToken.Access roles = new AccessToken.Access();
                structure.roles().forEach(roles::addRole);
                access.setResourceAccess(Map.of(client, roles));
            } else {
                claims.put("resource_access", Map.of(client, Map.of("roles", structure.roles())));
            }
        });
        return token;
    }

    private static Optional<ActiveStructure> activeStructure(Supplier<String> asked, UserSessionModel userSession,
            ClientSessionContext context) {
        try {
            String siren = asked.get();
            return siren.isEmpty()
                    ? Optional.empty()
                    : ActiveStructure.named(siren, userSession.getUser(), context.getClientSession().getClient());
        } catch (RuntimeException broken) {
            LOG.error("No role is given: the active structure could not be found out", broken);
            return Optional.empty();
        }
    }

    @Override
    public int getPriority() {
        return LAST;
    }

    @Override
    public String getId() {
        return PROVIDER_ID;
    }

    @Override
    public String getDisplayCategory() {
        return TOKEN_MAPPER_CATEGORY;
    }

    @Override
    public String getDisplayType() {
        return "Banque des Territoires: active structure";
    }

    @Override
    public String getHelpText() {
        return "Replaces the roles of the token by those held for the active structure; adds the claim structure.";
    }

    @Override
    public List<ProviderConfigProperty> getConfigProperties() {
        return List.of();
    }

    /**
     * Shown in the server info of the admin API, where accounts with few rights read it too: they check that our
     * provider is loaded, and the version of Keycloak, which the server itself tells to realm administrators only.
     */
    @Override
    public Map<String, String> getOperationalInfo() {
        Properties properties = new Properties();
        try (InputStream file = StructureMapper.class.getResourceAsStream("/META-INF/bdt-provider.properties")) {
            properties.load(file);
        } catch (IOException | NullPointerException unreadable) {
            LOG.error("The version of the provider cannot be read from its JAR", unreadable);
        }
        return Map.of("version", properties.getProperty("version", "unknown"), "keycloak", Version.VERSION);
    }
}
