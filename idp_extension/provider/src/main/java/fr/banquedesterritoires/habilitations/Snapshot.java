package fr.banquedesterritoires.habilitations;

import java.io.BufferedWriter;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;

import jakarta.persistence.EntityManager;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.StreamingOutput;

import org.keycloak.connections.jpa.JpaConnectionProvider;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.utils.KeycloakModelUtils;
import org.keycloak.services.resources.admin.AdminEventBuilder;
import org.keycloak.services.resources.admin.fgap.AdminPermissionEvaluator;
import org.keycloak.util.JsonSerialization;

/** Streams the accounts and groups of a realm as rows, which the stock API tells in several calls an object. Reads only. */
public final class Snapshot implements AdminResource {

    /** What each kind of row holds. No secret: of credentials the type, of attributes the name. */
    private static final String[][] ROWS = {
        {"client", "c.id, c.clientId from ClientEntity c where c.realmId"},
        {"role", "r.id, r.clientId, r.name from RoleEntity r where r.realmId"},
        {"group", "g.id, g.parentId, g.name from GroupEntity g where g.realm"},
        {"label", "a.group.id, a.value from GroupAttributeEntity a where a.name = 'label' and a.group.realm"},
        {"group-attribute", "a.group.id, a.name from GroupAttributeEntity a where a.name <> 'label' and a.group.realm"},
        {"group-role", "m.group.id, m.roleId from GroupRoleMappingEntity m where m.group.realm"},
        {"attribute", "a.user.id, a.name from UserAttributeEntity a where a.user.realmId"},
        {"action", "a.user.id, a.action from UserRequiredActionEntity a where a.user.realmId"},
        {"identity", "f.user.id, f.identityProvider from FederatedIdentityEntity f where f.user.realmId"},
        {"credential", "c.user.id, c.type from CredentialEntity c where c.user.realmId"},
        {"user-role", "m.user.id, m.roleId from UserRoleMappingEntity m where m.user.realmId"},
        {"member", "m.user.id, m.groupId from UserGroupMembershipEntity m where m.user.realmId"},
        {"user", "u.id, u.username, u.email, u.firstName, u.lastName, u.enabled, u.emailVerified, u.federationLink,"
                + " u.serviceAccountClientLink from UserEntity u where u.realmId"},
    };

    @Override
    public String getId() {
        return "bdt-snapshot";
    }

    @Override
    public Object getResource(KeycloakSession session, RealmModel realm, AdminPermissionEvaluator rights,
            AdminEventBuilder events) {
        return new Rows(session, realm.getId(), rights);
    }

    /** What answers below {@code /admin/realms/<realm>/bdt-snapshot}. */
    public static final class Rows {

        private final KeycloakSession session;
        private final String realm;
        private final AdminPermissionEvaluator rights;

        Rows(KeycloakSession session, String realm, AdminPermissionEvaluator rights) {
            this.session = session;
            this.realm = realm;
            this.rights = rights;
        }

        /** The stock API shows the types of credentials to who may manage users only, hence that right. */
        @GET
        @Produces("application/x-ndjson")
        public StreamingOutput all() {
            rights.users().requireManage();
            rights.clients().requireView();
            return out -> KeycloakModelUtils.runJobInTransaction(session.getKeycloakSessionFactory(), own -> {
                try (Writer to = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), 1 << 16)) {
                    EntityManager entities = own.getProvider(JpaConnectionProvider.class).getEntityManager();
                    for (String[] rows : ROWS) {
                        write(to, rows[0]);
                        Iterator<Object[]> found = entities.createQuery("select " + rows[1] + " = :realm", Object[].class)
                                .setParameter("realm", realm).setHint("org.hibernate.fetchSize", 1000)
                                .getResultStream().iterator();
                        while (found.hasNext()) {
                            write(to, found.next());
                        }
                    }
                    write(to, "end");
                } catch (java.io.IOException error) {
                    throw new java.io.UncheckedIOException(error);
                }
            });
        }

        private static void write(Writer to, Object line) throws java.io.IOException {
            to.write(JsonSerialization.writeValueAsString(line));
            to.write('\n');
        }
    }
}
