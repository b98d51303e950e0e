using Tenon.Core;

namespace Tenon.OpenStack.Http;

/// <summary>Where a call goes: Keystone itself before there is a token, or a service of the catalog.</summary>
internal interface ICallTarget
{
    /// <summary>The URL and the token to use now; authenticates first where that is needed.</summary>
    ValueTask<CallDestination> ResolveAsync(ApiCall call, CancellationToken cancellationToken);

    /// <summary>The service refused the token. Whether another may be had, so that the call is worth repeating.</summary>
    bool Reject(CallDestination destination);
}

/// <summary>A resolved destination.</summary>
/// <param name="Url">The whole URL.</param>
/// <param name="Token">The token, where one is sent.</param>
/// <param name="Grant">What the token belongs to.</param>
internal sealed record CallDestination(Uri Url, Secret? Token, Identity.AccessGrant? Grant);
