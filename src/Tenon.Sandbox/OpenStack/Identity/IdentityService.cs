using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>Keystone, one for all regions.</summary>
internal sealed class IdentityService(SandboxOptions options) : ApiService
{
    public override string Name => "identity";

    public Lock Gate { get; } = new();

    public SandboxOptions Options => options;

    public override ApiResponse Render(ApiFault fault, ApiRequest request) => ApiResponse.Text(fault.Status, fault.Message, "text/plain");

    /// <summary>The operation that issues tokens; it counts as authentication.</summary>
    public const string IssueTokenOperation = "tokens.create";

    /// <summary>What a token says; null where it is unknown, revoked or expired.</summary>
    public TokenInfo? Validate(string? token) => token is null ? null : InProcess(options.Regions[0], admin: true);

    /// <summary>Who the sandbox itself is when it seeds or is asked in process.</summary>
    public TokenInfo InProcess(string projectName, bool admin) => new() { UserId = projectName, UserName = options.Regions[0], Roles = admin ? ["admin"] : [] };
}
