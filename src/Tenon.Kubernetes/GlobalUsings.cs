global using Tenon.Core;
