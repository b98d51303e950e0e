using System.CommandLine;

var root = new RootCommand("Tenon joins Kubernetes and OpenStack.");
return await root.Parse(args).InvokeAsync().ConfigureAwait(false);
