package fr.banquedesterritoires.habilitations;

import org.keycloak.Config;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.services.resources.admin.ext.AdminRealmResourceProvider;
import org.keycloak.services.resources.admin.ext.AdminRealmResourceProviderFactory;

/** An admin resource that holds nothing and is set by nothing: it is its own factory. */
interface AdminResource extends AdminRealmResourceProvider, AdminRealmResourceProviderFactory {

    @Override
    default AdminRealmResourceProvider create(KeycloakSession session) {
        return this;
    }

    @Override
    default void init(Config.Scope config) { }

    @Override
    default void postInit(KeycloakSessionFactory factory) { }

    @Override
    default void close() { }
}
