using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Identity;

/// <summary>Requests for tokens, as <c>src/Tenon.OpenStack/Identity/AuthRequest.cs</c> words them.</summary>
internal static class Auth
{
    /// <summary>A user by name and domain, or by ID.</summary>
    public static JsonObject UserOf(Wire wire, bool byId = false) => byId
        ? new() { ["id"] = wire.UserId }
        : new() { ["name"] = wire.Account.User, ["domain"] = new JsonObject { ["name"] = wire.Account.Domain } };

    /// <summary>The account's own project, by ID.</summary>
    public static JsonObject ProjectOf(Wire wire) => new() { ["project"] = new JsonObject { ["id"] = wire.ProjectId } };

    /// <summary>The account's password; no scope where none is given.</summary>
    public static JsonObject Password(Wire wire, JsonNode? scope = null, string? password = null, bool byId = false)
    {
        JsonObject user = UserOf(wire, byId);
        user["password"] = password ?? wire.Account.Password;
        return Method("password", new JsonObject { ["user"] = user }, scope);
    }

    /// <summary>Another token.</summary>
    public static JsonObject Token(string token, JsonNode? scope = null) => Method("token", new JsonObject { ["id"] = token }, scope);

    /// <summary>An application credential by ID.</summary>
    public static JsonObject Credential(string id, string? secret, JsonNode? scope = null)
    {
        var data = new JsonObject { ["id"] = id };
        if (secret is not null) data["secret"] = secret;
        return Method("application_credential", data, scope);
    }

    /// <summary>Any method.</summary>
    public static JsonObject Method(string name, JsonNode data, JsonNode? scope = null)
    {
        var auth = new JsonObject { ["identity"] = new JsonObject { ["methods"] = new JsonArray(name), [name] = data } };
        if (scope is not null) auth["scope"] = scope;
        return new() { ["auth"] = auth };
    }

    /// <summary>Asks for a token, without one.</summary>
    public static Task<Answer> LogInAsync(this Wire wire, JsonObject body) => wire.PostAsync("identity", "/auth/tokens", body, "X-Auth-Token:");

    /// <summary>The token of an answer.</summary>
    public static string TokenOf(this Answer answer)
    {
        answer.ShouldBe(201);
        answer.Header("X-Subject-Token").ShouldNotBeEmpty();
        return answer.Header("X-Subject-Token");
    }

    /// <summary>Asks what a token is worth.</summary>
    public static Task<Answer> ValidateAsync(this Wire wire, string token) => wire.GetAsync("identity", "/auth/tokens", $"X-Subject-Token: {token}");

    /// <summary>Demands Keystone's error of a status, which has its code, its title and a message.</summary>
    public static Answer ShouldRefuse(this Answer answer, int status, string message)
    {
        answer.ShouldBe(status);
        answer["error/code"].ShouldBe(status.ToString());
        answer["error/title"].ShouldNotBeNullOrEmpty();
        answer["error/message"]!.ShouldStartWith(message);
        answer.Header("WWW-Authenticate").ShouldMatch(status == 401 ? "^Keystone uri=\"http.*\"$" : "^$");
        return answer;
    }
}
