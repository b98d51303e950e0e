using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary><c>/v3/OS-TRUST/trusts</c>.</summary>
internal sealed class TrustRoutes(IdentityStore store)
{
    public void Map(RouteTable routes)
    {
        routes.Get("/v3/OS-TRUST/trusts", "trusts.list", List);
        routes.Post("/v3/OS-TRUST/trusts", "trusts.create", Create);
        routes.Get("/v3/OS-TRUST/trusts/{id}", "trusts.show", request => ApiResponse.Wrapped(200, "trust", Render(Find(request, "get_trust"), request, withRoles: true)));
        routes.Delete("/v3/OS-TRUST/trusts/{id}", "trusts.delete", request =>
        {
            ApplicationCredentialRoutes.CheckUnrestricted(request, store);
            Trust trust = Find(request, "delete_trust");
            if (trust.TrustorId != request.Token.UserId && !request.Token.IsAdmin) throw IdentityFaults.Forbidden("identity:delete_trust");
            store.Trusts.Remove(trust.Id);
            store.Changed();
            return ApiResponse.Empty(204);
        });
        routes.Get("/v3/OS-TRUST/trusts/{id}/roles", "trusts.roles", request => IdentityJson.List(
            request, "roles", Find(request, "list_roles_for_trust").RoleIds.Select(store.Roles.Find).OfType<Role>().Select(r => IdentityJson.Role(r, request))));
    }

    private Trust Find(ApiRequest request, string action)
    {
        // One that is used up is listed and nothing else.
        Trust trust = store.Trusts.Find(request["id"]) is { RemainingUses: not 0 } found ? found : throw IdentityFaults.NotFound("trust", request["id"]);
        bool concerned = request.Token.IsAdmin || trust.TrustorId == request.Token.UserId || trust.TrusteeId == request.Token.UserId;
        return concerned ? trust : throw IdentityFaults.Forbidden($"identity:{action}");
    }

    private ApiResponse List(ApiRequest request)
    {
        string? trustor = request.Query["trustor_user_id"], trustee = request.Query["trustee_user_id"];
        bool concerned = request.Token.IsAdmin || trustor == request.Token.UserId || trustee == request.Token.UserId;
        if (!concerned) throw IdentityFaults.Forbidden("identity:list_trusts");
        return IdentityJson.List(request, "trusts", store.Trusts
            .Where(t => (trustor is null || t.TrustorId == trustor) && (trustee is null || t.TrusteeId == trustee))
            .Select(t => Render(t, request, withRoles: false)));
    }

    private ApiResponse Create(ApiRequest request)
    {
        ApplicationCredentialRoutes.CheckUnrestricted(request, store);
        JsonObject body = request.BodyOf("trust");
        string trustor = body.String("trustor_user_id") ?? throw IdentityFaults.Required("trustor_user_id");
        string trustee = body.String("trustee_user_id") ?? throw IdentityFaults.Required("trustee_user_id");
        bool impersonation = body.Boolean("impersonation") ?? throw IdentityFaults.Required("impersonation");
        if (trustor != request.Token.UserId) throw IdentityFaults.Forbidden("identity:create_trust");
        if (!store.Users.Contains(trustee)) throw IdentityFaults.NotFound("user", trustee);
        string? projectId = body.String("project_id");
        ImmutableArray<Role> held = store.EffectiveRoles(trustor, projectId, null);
        var trust = new Trust
        {
            Id = Text.NewHexId(),
            TrustorId = trustor,
            TrusteeId = trustee,
            ProjectId = projectId,
            Impersonation = impersonation,
            RoleIds = [.. (body.Array("roles") ?? []).OfType<JsonObject>().Select(w => Held(held, w))],
            ExpiresAt = body.String("expires_at") is { } end ? DateTimeOffset.Parse(end, null, DateTimeStyles.AssumeUniversal).ToUniversalTime() : null,
            RemainingUses = (int?)body.Integer("remaining_uses"),
        };
        if (trust.ExpiresAt <= store.Now) throw IdentityFaults.Past();
        if (projectId is not null && trust.RoleIds.IsEmpty) throw IdentityFaults.Forbidden("At least one role should be specified");
        store.Trusts.Add(trust.Id, trust);
        return ApiResponse.Wrapped(201, "trust", Render(trust, request, withRoles: true));
    }

    private string Held(ImmutableArray<Role> held, JsonObject wanted)
    {
        Role role = store.RoleOf(wanted);
        return held.Contains(role) ? role.Id : throw IdentityFaults.NotFound("role", role.Id);
    }

    private JsonObject Render(Trust trust, ApiRequest request, bool withRoles)
    {
        var json = new JsonObject
        {
            ["id"] = trust.Id,
            ["trustor_user_id"] = trust.TrustorId,
            ["trustee_user_id"] = trust.TrusteeId,
            ["project_id"] = trust.ProjectId,
            ["impersonation"] = trust.Impersonation,
            ["expires_at"] = trust.ExpiresAt is { } end ? Text.Micros(end) : null,
            ["remaining_uses"] = trust.RemainingUses,
            ["deleted_at"] = null,
            ["redelegated_trust_id"] = null,
            ["redelegation_count"] = 0,
            ["links"] = IdentityJson.Self(request, $"OS-TRUST/trusts/{trust.Id}"),
        };
        if (!withRoles) return json;
        json["roles"] = new JsonArray([.. trust.RoleIds.Select(store.Roles.Find).OfType<Role>().Select(r => IdentityJson.Role(r, request))]);
        json["roles_links"] = new JsonObject { ["self"] = $"{request.BaseUrl}/v3/{trust.Id}/roles", ["next"] = null, ["previous"] = null };
        return json;
    }
}
