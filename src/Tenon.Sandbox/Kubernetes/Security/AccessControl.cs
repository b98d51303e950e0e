using Microsoft.AspNetCore.Http;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Http;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>Who asks, and whether they may: authentication, impersonation and authorization of a request.</summary>
internal sealed class AccessControl(Authenticator authenticator, RbacAuthorizer authorizer)
{
    private const string Masters = "system:masters";

    /// <summary>Finds out who asks, impersonation included.</summary>
    /// <exception cref="ApiException">401: the credentials prove nothing; 403: the user may not impersonate.</exception>
    public UserInfo Authenticate(HttpContext context)
    {
        UserInfo user = authenticator.Authenticate(context);
        IHeaderDictionary headers = context.Request.Headers;
        string name = headers["Impersonate-User"].ToString();
        string[] groups = [.. headers["Impersonate-Group"].OfType<string>()];
        if (name.Length == 0)
        {
            return groups.Length == 0 ? user : throw ApiException.BadRequest("requested groups without impersonating a user");
        }

        Require(user, new AccessRequest { IsResource = true, Verb = "impersonate", Resource = "users", Name = name });
        foreach (string group in groups) Require(user, new AccessRequest { IsResource = true, Verb = "impersonate", Resource = "groups", Name = group });
        return new UserInfo(name, groups.Append("system:authenticated").Distinct().ToEquatableArray());
    }

    /// <summary>Refuses what the user may not do.</summary>
    /// <exception cref="ApiException">403.</exception>
    public void Authorize(UserInfo user, RequestInfo request) => Require(user, new AccessRequest
    {
        IsResource = request.IsResource,
        Verb = request.Verb,
        Group = request.Group,
        Resource = request.Resource,
        Subresource = request.Subresource,
        Name = request.Name,
        Namespace = request.Namespace,
        Path = request.Path,
    });

    /// <summary>Whether a user may do something.</summary>
    public bool Allows(UserInfo user, AccessRequest request) => user.Groups.Contains(Masters) || authorizer.Allows(user, request);

    /// <summary>The rules that hold for a user in a namespace.</summary>
    public IEnumerable<PolicyRule> RulesFor(UserInfo user, string space) => authorizer.RulesFor(user, space);

    /// <summary>Who a token stands for; <see langword="null"/> when it is not valid.</summary>
    public UserInfo? FromToken(string token, IReadOnlyCollection<string> audiences) => authenticator.FromToken(token, audiences);

    private void Require(UserInfo user, AccessRequest request)
    {
        if (Allows(user, request)) return;
        if (!request.IsResource) throw new ApiException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot {request.Verb} path \"{request.Path}\"", []);
        string where = request.Namespace.Length > 0 ? $" in the namespace \"{request.Namespace}\"" : " at the cluster scope";
        throw ApiException.Forbidden(new GroupResource(request.Group, request.Resource), request.Name,
            $"User \"{user.Name}\" cannot {request.Verb} resource \"{request.FullResource}\" in API group \"{request.Group}\"{where}");
    }
}
